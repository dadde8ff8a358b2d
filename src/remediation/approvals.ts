import { newRunId } from '../ansible/run-id.ts';
import type { Logger } from '../logging.ts';
import type { PoolEvent } from '../pool/events.ts';
import type { PoolState } from '../pool/node-state.ts';
import type { ControllerParts } from './controller-parts.ts';
import type { Hands } from './reconciler.ts';
import { insertRun } from './run-journal.ts';

export interface ApprovalsParts {
  parts(): ControllerParts;
  readonly log: Logger;
  /** Where the reconciler hears which run waits. */
  tell(event: PoolEvent): void;
}

/** Runs that wait for a person, in the journal: made when one is asked, ended when the question is over. */
export class Approvals implements Pick<Hands, 'ask' | 'unask'> {
  readonly #parts: ApprovalsParts;

  constructor(parts: ApprovalsParts) {
    this.#parts = parts;
  }

  ask({ node, judged, attempt }: Parameters<Hands['ask']>[0]): void {
    const parts = this.#parts.parts();
    const run = newRunId(parts.now().getTime());
    try {
      insertRun(
        parts,
        {
          kind: 'rebuild',
          nodes: [node],
          trigger: 'monitor',
          reason: `attempt ${attempt}`,
          force: [],
          dryRun: false,
          judged: judged ?? undefined,
          state: 'awaiting_approval',
        },
        run,
      );
    } catch (error) {
      // Without an answer to it the question expires, and is asked anew.
      this.#parts.log.error({ err: error, node }, 'a person could not be asked');
      return;
    }
    this.#parts.tell({ kind: 'asked', node, run });
  }

  unask({ node, run, outcome, message }: Parameters<Hands['unask']>[0]): void {
    try {
      this.#end(run, node, outcome, message);
    } catch (error) {
      // The next start ends it.
      this.#parts.log.error({ err: error, node, run }, 'a run that waited could not be ended');
    }
  }

  /** Ends runs that wait for an answer that no fault asks for: their controller died between the two. */
  recover(state: PoolState): void {
    const asked = new Set(Object.values(state.nodes).map(({ fault }) => fault?.approval?.run));
    for (const { id, node } of this.#parts.parts().journal.runs.awaiting()) {
      if (!asked.has(id))
        this.unask({ node: node ?? '', run: id, outcome: 'cancelled', message: 'nobody asks any more' });
    }
  }

  #end(run: string, node: string, outcome: 'refused' | 'cancelled', message: string): void {
    const { journal, now } = this.#parts.parts();
    const at = now().toISOString();
    journal.atomically(() => {
      if (!journal.runs.finish(run, { outcome, gate: 'approval', message, ended_at: at })) return;
      const data = { node, outcome, gate: 'approval', message };
      journal.events.append({ at, run, node, type: `rebuild.${outcome}`, data });
    });
  }
}
