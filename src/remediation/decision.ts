import { itemsOf, member } from '../config/document.ts';
import type { GateReport } from '../pool/report.ts';
import type { Journal } from '../store/journal.ts';
import type { Run } from '../store/runs.ts';

/** A decision to act or not to, as the journal keeps it. */
export interface Decision {
  /** ISO UTC. */
  readonly at: string;
  readonly gates: readonly GateReport[];
  /** All that was recorded with it. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** The order follows its decision at once; a decision that is older belongs to another run. */
const longestBetweenMs = 60_000;

/** The decision that led to a run, or to none; null when a person ordered it of no daemon. */
export function decisionOf(journal: Journal, run: Run): Decision | null {
  if ((run.trigger !== 'monitor' && run.trigger !== 'api') || run.node === null) return null;
  const since = new Date(Date.parse(run.started_at) - longestBetweenMs).toISOString();
  const decisions = journal.events.lately(['decision'], since, run.node);
  const event =
    decisions.find((each) => each.run === run.id) ??
    decisions.findLast(({ at, data }) => at <= run.started_at && data['acts'] === true && !wasRefused(run));
  return event === undefined ? null : { at: event.at, gates: gatesIn(event.data['gates']), evidence: event.data };
}

/** By gates, before anything was begun. */
function wasRefused({ outcome, step }: Run): boolean {
  return step === 'gates' && outcome !== null;
}

function gatesIn(value: unknown): readonly GateReport[] {
  return itemsOf(value).flatMap((each) => {
    const [gate, holds, message] = [member(each, 'gate'), member(each, 'holds'), member(each, 'message')];
    return typeof gate === 'string' && typeof holds === 'boolean' && typeof message === 'string'
      ? [{ gate, holds, message, facts: {} }]
      : [];
  });
}
