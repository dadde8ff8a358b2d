import type { GateReport } from '../../pool/report.ts';
import { html, type Html } from './html.ts';
import { timeOf } from './times.ts';

/** What another controller said of a node. */
export interface VoteView {
  readonly observer: string;
  readonly answer: string;
}

/** Every gate with what it said, folded unless one holds. */
export function gateList(gates: readonly GateReport[], decidedAt: string | null, id: string): Html {
  const holding = gates.filter(({ holds }) => holds);
  const summary =
    holding.length === 0 ? `all ${gates.length} gates pass` : `${holding.length} of ${gates.length} gates hold`;
  const items = gates.map(
    ({ gate, holds, message }) =>
      html`<li class="${holds ? 'holds' : 'passes'}">
        <b>${gate}</b> <span class="verb">${holds ? 'holds' : 'passes'}</span> ${message}
      </li>`,
  );
  return html`<details class="gates" id="${id}">
    <summary>${summary}${decidedAt !== null && html`, asked ${timeOf(decidedAt)}`}</summary>
    <ul>
      ${items}
    </ul>
  </details>`;
}

/** The votes that the quorum's gate rested on; none where it was not asked. */
export function votesOf(gates: readonly GateReport[]): readonly VoteView[] {
  const votes = gates.find(({ gate }) => gate === 'quorum')?.facts['votes'];
  return Array.isArray(votes) ? votes.flatMap(voteOf) : [];
}

function voteOf(vote: unknown): readonly VoteView[] {
  if (typeof vote !== 'object' || vote === null || !('observer' in vote) || !('answer' in vote)) return [];
  const { observer, answer } = vote;
  return typeof observer === 'string' && typeof answer === 'string' ? [{ observer, answer }] : [];
}
