import type { NodeReport } from '../../pool/report.ts';
import type { RunReport } from '../../pool/run-report.ts';
import { html, type Html } from './html.ts';

/* Buttons are shown only where a script can send what they order. */

/** What may be ordered of a node. A machine does not rebuild itself; and where a person was asked, the answer is the order. */
export function nodeOrders({ name, paused, last_run: run }: NodeReport, isOwn: boolean): Html {
  const answers = run !== null && isAwaited(run) && answerButtons({ id: run.id, node: name });
  const pause = paused
    ? html`<button type="button" data-act="resume" data-node="${name}">Resume</button>`
    : html`<button type="button" data-act="pause" data-node="${name}">Pause</button>`;
  const rebuild =
    !isOwn && answers === false && html`<button type="button" data-act="rebuild" data-node="${name}">Rebuild…</button>`;
  return html`<div class="orders">${answers}${pause}${rebuild}</div>`;
}

/** What a person may say to a run that waits for it; nothing to another. */
export function runOrders(run: RunReport): Html | false {
  return isAwaited(run) && html`<div class="orders">${answerButtons(run)}</div>`;
}

/** Whether a person was asked about it, and has not answered. */
export function isAwaited({ state }: { readonly state: string }): boolean {
  return state === 'awaiting_approval';
}

function answerButtons({ id, node }: Pick<RunReport, 'id' | 'node'>): Html {
  return html`<button type="button" data-act="approve" data-node="${node}" data-run="${id}">Approve…</button
    ><button type="button" data-act="reject" data-node="${node}" data-run="${id}">Reject…</button>`;
}
