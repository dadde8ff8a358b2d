import { stopPoint } from '../pool/stop-point.ts';
import type { Orderer, OrderResult, PauseWish, ResumeWish } from '../pool/order.ts';
import type { Journal } from '../store/journal.ts';
import type { Pause, PauseScope } from '../store/pauses.ts';
import type { Run } from '../store/runs.ts';

/*
 * Orders of people, written into the journal: by the daemon that got them over HTTP, or by a command on its machine. Whoever they
 * concern finds them there, now or after a restart.
 */

/** The answer to a pause. */
export interface PauseAnswer extends Pause {
  /** The pause that this one takes the place of. */
  readonly replaced: Pause | null;
}

/** The answer to a resume. */
export interface ResumeAnswer {
  readonly scope: PauseScope;
  /** The pause that was cleared; null when there was none. */
  readonly cleared: Pause | null;
  /** Nodes whose fault was given up or held, and is tried again. */
  readonly retried: readonly string[];
  /** Pauses that still hold what was resumed, or a part of it. */
  readonly remaining: readonly Pause[];
}

/** Holds all actions of this machine's controller on a node, or on the pool. */
export function orderPause(
  journal: Journal,
  { node, forMs, by, reason }: Omit<PauseWish, 'isLocal'>,
  now: Date,
): PauseAnswer {
  const scope = scopeFor(node);
  const until = forMs === null ? null : new Date(now.getTime() + forMs).toISOString();
  const pause: Pause = { scope, until, reason, by, at: now.toISOString() };
  const replaced = journal.atomically(() => {
    const before = journal.pauses.active(pause.at).find((each) => each.scope === scope) ?? null;
    journal.pauses.set(pause);
    const data = { scope, until, reason, by, replaced: before !== null };
    journal.events.append({ at: pause.at, node, type: 'pause.set', data });
    return before;
  });
  return { ...pause, replaced };
}

/** Ends a pause, and has faults tried again that were given up or held; of the pool, also the storm brake and the hour's count. */
export function orderResume(
  journal: Journal,
  { node, by, reason }: Omit<ResumeWish, 'isLocal'>,
  now: Date,
): ResumeAnswer {
  const scope = scopeFor(node);
  const at = now.toISOString();
  return journal.atomically(() => {
    const pauses = journal.pauses.active(at);
    const cleared = pauses.find((each) => each.scope === scope) ?? null;
    // Also one that is over is no longer needed.
    journal.pauses.clear(scope);
    const retried = journal.faults.resume(node);
    if (node === null) journal.events.append({ at, type: 'pool.resumed', data: { by, reason } });
    // Where no daemon runs no fault is kept: what was tried is known by its runs, and ends here.
    const wasTried = node !== null && journal.runs.list({ node, kinds: ['rebuild'], limit: 1 }).length > 0;
    if (wasTried || cleared !== null || retried.length > 0) {
      const data = { scope, was_paused: cleared !== null, retried, by, reason };
      journal.events.append({ at, node, type: 'pause.cleared', data });
    }
    const isLeft = (each: Pause): boolean => each.scope !== scope && (node === null || each.scope === 'pool');
    return { scope, cleared, retried, remaining: pauses.filter(isLeft) };
  });
}

const answerTypes = { given: 'order.approve', rejected: 'order.reject' } as const;

/** Answers the question that a run waits for. The controller that asked takes the answer from the journal. */
export function orderAnswer(
  journal: Journal,
  id: string,
  answer: 'given' | 'rejected',
  { by, reason }: Orderer,
  now: Date,
): OrderResult {
  const run = journal.runs.get(id);
  if (run === undefined) return unknownRun(id);
  if (run.state !== 'awaiting_approval') return notNow(run, 'it waits for no approval');
  const before = answerTo(journal, id);
  if (before !== undefined && before.answer !== answer) return notNow(run, `${before.by} has answered it already`);
  if (before === undefined)
    journal.events.append({
      at: now.toISOString(),
      run: id,
      node: run.node,
      type: answerTypes[answer],
      data: { by, reason },
    });
  return { kind: 'accepted', run: id, node: run.node, status: answer === 'given' ? 'approved' : 'rejected' };
}

/** What a person answered to a run that waits; undefined while nobody did. */
export function answerTo(
  journal: Pick<Journal, 'events'>,
  run: string,
): (Orderer & { readonly answer: 'given' | 'rejected' }) | undefined {
  const event = journal.events
    .list({ run })
    .find(({ type }) => type === answerTypes.given || type === answerTypes.rejected);
  return event && { answer: event.type === answerTypes.given ? 'given' : 'rejected', ...ordererOf(event.data) };
}

/** Has a run stopped at its next safe point, by whichever process attends it. A run that waits for approval is rejected by it. */
export function orderCancel(journal: Journal, id: string, orderer: Orderer, now: Date): OrderResult {
  const run = journal.runs.get(id);
  if (run === undefined) return unknownRun(id);
  if (run.state === 'awaiting_approval') return orderAnswer(journal, id, 'rejected', orderer, now);
  if (run.state === 'done') return notNow(run, `it is over: ${run.outcome ?? 'done'}`);
  const isOldGone = journal.events.list({ run: id }).some(isOldDestroyed);
  if (stopPoint({ step: run.step, isOldGone }) === 'never')
    return notNow(run, 'it is past its last safe point, and goes on to its end');
  if (cancelOf(journal, id) === undefined)
    journal.events.append({
      at: now.toISOString(),
      run: id,
      node: run.node,
      type: 'order.cancel',
      data: { ...orderer },
    });
  return { kind: 'accepted', run: id, node: run.node, status: 'cancelling' };
}

/** Who ordered a run to be stopped, and why; undefined when nobody did. */
export function cancelOf(journal: Pick<Journal, 'events'>, run: string): Orderer | undefined {
  const event = journal.events.list({ run, limit: 10_000 }).find(({ type }) => type === 'order.cancel');
  return event && ordererOf(event.data);
}

/** The old VM was destroyed before the new one came: there was no room for both. */
export function isOldDestroyed({ type, data }: { readonly type: string; readonly data: object }): boolean {
  return type === 'rebuild.destroyed' && 'step' in data && data.step === 'fence';
}

function ordererOf({ by, reason }: Readonly<Record<string, unknown>>): Orderer {
  return { by: typeof by === 'string' ? by : 'somebody', reason: typeof reason === 'string' ? reason : '' };
}

function scopeFor(node: string | null): PauseScope {
  return node === null ? 'pool' : `node/${node}`;
}

function unknownRun(id: string): OrderResult {
  return { kind: 'unknown', message: `The journal of this controller has no run ${id}.` };
}

function notNow({ id, state, outcome, step }: Run, why: string): OrderResult {
  return { kind: 'conflict', message: `Run ${id}: ${why}.`, facts: { run: id, state, outcome, step } };
}
