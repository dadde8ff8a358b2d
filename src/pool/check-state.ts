import type { CheckPolicy } from './policy.ts';

/** healthy and unhealthy are conclusions from results in a row; before the first conclusion nothing is known. */
export type Verdict = 'healthy' | 'unhealthy' | 'unknown';

/** What a single measurement says. `unknown` is trouble of the observer and counts for nothing. */
export type ResultStatus = 'ok' | 'failed' | 'unknown';

/** A check of one node: its verdict, and what was seen in a row since then. */
export interface CheckState {
  readonly verdict: Verdict;
  /** Failures in a row up to now; 0 after a success. */
  readonly failures: number;
  /** Successes in a row up to now; 0 after a failure. */
  readonly successes: number;
}

/** Nothing measured yet, or nothing that still counts. */
export const unmeasured: CheckState = { verdict: 'unknown', failures: 0, successes: 0 };

/**
 * The check after one more result. An unhealthy verdict needs `failures` in a row; a healthy one needs `successes` in a row after
 * an unhealthy one, and a single success when nothing was concluded before. Counters stop at their thresholds.
 */
export function afterResult(state: CheckState, status: ResultStatus, policy: CheckPolicy): CheckState {
  switch (status) {
    case 'unknown':
      return state;
    case 'failed': {
      const failures = Math.min(state.failures + 1, policy.failures);
      const verdict = failures >= policy.failures ? 'unhealthy' : state.verdict;
      return { verdict, failures, successes: 0 };
    }
    case 'ok': {
      const successes = Math.min(state.successes + 1, policy.successes);
      const isHealthy = state.verdict === 'unknown' || successes >= policy.successes;
      return { verdict: isHealthy ? 'healthy' : state.verdict, failures: 0, successes };
    }
  }
}

/**
 * The check when old results count for nothing: this controller stood still, or was started anew. An unhealthy verdict stays, so
 * that its action is not taken twice; what follows from it waits until the check has failed afresh.
 */
export function withoutResults(state: CheckState): CheckState {
  return { ...unmeasured, verdict: state.verdict === 'unhealthy' ? 'unhealthy' : 'unknown' };
}

/** The check after an answer from which nothing is concluded: it ends a row of failures. The same when there is none. */
export function withoutFailures(state: CheckState): CheckState {
  return state.failures === 0 ? state : { ...state, failures: 0 };
}

/** Whether the present results alone make it unhealthy. */
export function isFailing(state: CheckState, policy: CheckPolicy): boolean {
  return state.failures >= policy.failures;
}
