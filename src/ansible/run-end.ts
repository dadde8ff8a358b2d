import type { HostStats } from './event.ts';
import type { FailedTask } from './run-record.ts';

/**
 * What became of a run.
 * - `ok`: it came to its end, and every expected host passed.
 * - `failed`: a task failed on a host, or Ansible broke down after it had begun.
 * - `unreachable`: a host could not be reached, and nothing else failed.
 * - `nothing_ran`: no host was touched: no host matched, no task was left, or Ansible refused the playbook.
 * - `not_attempted`: what ran passed, but an expected host was not among it.
 * - `timed_out`, `cancelled`: we ended it, at its deadline or on request.
 * - `interrupted`: somebody else ended it, or it ended unseen while no controller lived.
 * - `missing`: ansible-playbook could not be started.
 * - `unknown`: its traces contradict each other, or are not there. Nothing may be concluded from it.
 */
export const runEndKinds = [
  'ok',
  'failed',
  'unreachable',
  'nothing_ran',
  'not_attempted',
  'timed_out',
  'cancelled',
  'interrupted',
  'missing',
  'unknown',
] as const;
export type RunEndKind = (typeof runEndKinds)[number];

/** How a run ended, and why, as far as anyone can tell. */
export interface RunEnd {
  readonly kind: RunEndKind;
  /** One sentence or two for a person. */
  readonly message: string;
  /** ansible-playbook's exit code; null when it was killed or ended unseen. Exit codes lie: `kind` is the answer. */
  readonly rc: number | null;
  readonly signal: string | null;
  /** Empty when the run did not come to its end. */
  readonly stats: Readonly<Record<string, HostStats>>;
  /** The `regrow` object that the playbook left by set_stats; undefined when there is none. */
  readonly custom: unknown;
  /** The failure that decided, not one of its aftermath. */
  readonly failed?: FailedTask;
  /** Every failure that was not ignored, rescued ones too, in order. */
  readonly failures: readonly FailedTask[];
}
