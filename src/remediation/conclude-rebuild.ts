import { classifyFailure } from '../ansible/classify.ts';
import { toRecord } from '../ansible/event.ts';
import type { RunEnd } from '../ansible/run-end.ts';
import { failureClasses, outcomes, type FailureClass, type Outcome } from '../pool/outcome.ts';
import { remedyFor } from '../pool/remedy.ts';

/** A claim or half-built VM that somebody else holds. */
export interface Pending {
  readonly incident: string;
  readonly generation: number;
  readonly runs: readonly string[];
  readonly by: string | null;
  readonly fingerprint: string;
  /** It is decided, or its runs are over. */
  readonly isOver: boolean;
}

/** What became of a rebuild, for people and programs. */
export interface RebuildResult {
  readonly run: string | null;
  readonly node: string;
  readonly outcome: Outcome;
  readonly gate: string | null;
  readonly class: FailureClass | null;
  readonly step: string | null;
  readonly message: string;
  readonly remedy: string | null;
  readonly address: string | null;
  /** The old VM was powered off before the run ended. */
  readonly fenced: boolean;
  readonly pending: Pending | null;
}

/** A result of which nothing is known yet but whose it is. */
export function blankResult(run: string | null, node: string): Omit<RebuildResult, 'outcome' | 'message'> {
  return { run, node, gate: null, class: null, step: null, remedy: null, address: null, fenced: false, pending: null };
}

/**
 * What a run of rebuild_node.yml or bootstrap.yml means for one node: what the playbook said of itself (set_stats), and
 * when it could not say anything, how it ended. `isFenced`: what its events say of the old VM, also when it was killed.
 */
export function concludeRebuild(
  run: string,
  node: string,
  end: RunEnd,
  { isFenced }: { readonly isFenced: boolean },
): RebuildResult {
  const said = toRecord(toRecord(end.custom)?.[node]);
  const claimed = outcomes.find((known) => known === said?.['outcome']);
  // A playbook of the user's own may have failed after that.
  const outcome = claimed === 'restored' && end.kind !== 'ok' ? undefined : claimed;
  const blank = {
    run,
    node,
    gate: null,
    class: null,
    step: null,
    remedy: null,
    address: text(said?.['address']),
    fenced: isFenced || said?.['fenced'] === true,
    pending: pendingOf(said?.['pending']),
  };
  if (outcome !== undefined && outcome !== 'failed') {
    return {
      ...blank,
      outcome,
      gate: outcome === 'refused' ? (text(said?.['gate']) ?? 'unknown') : null,
      message: text(said?.['message']) || sentence(outcome, node, blank.pending),
    };
  }
  if (end.kind === 'cancelled' || (end.kind === 'interrupted' && said === undefined)) {
    return { ...blank, outcome: end.kind, message: end.message };
  }
  const failed = end.failures.find((failure) => failure.host === node && failure.task.section === null) ?? end.failed;
  const errorClass = failureClasses.find((known) => known === toRecord(said?.['failure'])?.['error_class']);
  const failure = errorClass ?? classifyFailure(failed === undefined ? end : { ...end, failed });
  return {
    ...blank,
    outcome: 'failed',
    class: failure,
    step: failed?.task.step ?? null,
    message: failed === undefined ? end.message : `${failed.task.name}: ${failed.message}`,
    remedy: remedyFor(failure),
  };
}

function sentence(outcome: Outcome, node: string, pending: Pending | null): string {
  switch (outcome) {
    case 'rebuilt':
      return `${node} is rebuilt and certified`;
    case 'restored':
      return `the settings, files and services of ${node} are as configured`;
    case 'already_healthy':
      return `${node} is healthy`;
    case 'already_replaced':
      return `${node} was replaced already`;
    case 'in_progress_elsewhere':
      return `${pending?.by ?? 'another controller'} is rebuilding ${node}`;
    case 'lost_race':
      return `another controller was faster with ${node}`;
    case 'refused':
      return 'a gate refused';
    case 'failed':
    case 'cancelled':
    case 'interrupted':
      return outcome;
  }
}

/** Somebody's claim or half-built VM, as the modules tell of it; null when it is none. */
export function pendingOf(value: unknown): Pending | null {
  const pending = toRecord(value);
  const incident = text(pending?.['incident']);
  const fingerprint = text(pending?.['fingerprint']);
  const generation = pending?.['generation'];
  if (incident === null || fingerprint === null || typeof generation !== 'number') return null;
  const runs = Array.isArray(pending?.['runs']) ? pending['runs'].filter((run) => typeof run === 'string') : [];
  return { incident, generation, runs, by: text(pending?.['by']), fingerprint, isOver: pending?.['over'] === true };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
