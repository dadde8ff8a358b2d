import { afterResult, unmeasured } from './check-state.ts';
import type { PoolPolicy } from './policy.ts';

/** What was recorded of the checks of a node, oldest first. Times are milliseconds of any one clock. */
export type Observed = { readonly at: number; readonly node: string } & (
  | { readonly kind: 'failed'; readonly check: string; readonly failures: number }
  /** These checks reached the number of failures that the policy of then asked for. */
  | { readonly kind: 'unhealthy'; readonly checks: readonly string[] }
  | { readonly kind: 'closed'; readonly reason: string }
);

/** Failures of a check in a row, as they were seen. */
export interface Streak {
  readonly node: string;
  readonly check: string;
  /** When the first was seen. */
  readonly at: number;
  /** Those counted: up to the fault, where there was one. */
  readonly failures: number;
  /** The fault that it became; null when the check answered before. `end` is null while it is open. */
  readonly fault: { readonly at: number; readonly end: { readonly at: number; readonly reason: string } | null } | null;
  /** Time between two failures, in milliseconds; null when one alone was seen. */
  readonly everyMs: number | null;
}

/** What another policy makes of it. `unknown`: nobody saw how long it would have gone on. */
export type StreakVerdict = 'fault' | 'no fault' | 'unknown';

/** The streaks in a record. A count that begins anew ends the one before. */
export function streaksOf(record: readonly Observed[]): readonly Streak[] {
  const streaks: Streak[] = [];
  const places = new Map<string, number>();
  for (const seen of record) {
    if (seen.kind === 'closed') {
      const { at, reason } = seen;
      for (const [place, each] of streaks.entries())
        if (each.node === seen.node && each.fault?.end === null)
          streaks[place] = { ...each, fault: { ...each.fault, end: { at, reason } } };
      continue;
    }
    for (const check of seen.kind === 'failed' ? [seen.check] : seen.checks) {
      const key = `${seen.node}/${check}`;
      const place = places.get(key);
      const before = place === undefined ? undefined : streaks[place];
      const open = before?.fault === null ? before : undefined;
      const isNext = open !== undefined && (seen.kind === 'unhealthy' || seen.failures === open.failures + 1);
      const streak: Streak = {
        node: seen.node,
        check,
        at: isNext ? open.at : seen.at,
        failures: isNext ? open.failures + 1 : 1,
        fault: seen.kind === 'unhealthy' ? { at: seen.at, end: null } : null,
        everyMs: isNext ? (seen.at - open.at) / open.failures : null,
      };
      const at = isNext && place !== undefined ? place : streaks.length;
      streaks[at] = streak;
      places.set(key, at);
    }
  }
  return streaks;
}

/**
 * Whether the streak would have been a fault by that policy; by the code that counts. After a fault opened no more failures are recorded:
 * they went on until it closed. What was rebuilt before the policy would have judged can not be known.
 */
export function replayStreak(streak: Streak, policy: PoolPolicy): StreakVerdict {
  const check = policy.nodes[streak.node]?.checks[streak.check];
  if (check === undefined) return 'no fault';
  const { fault, everyMs } = streak;
  const end = fault?.end ?? null;
  const more = fault === null || end === null || everyMs === null ? 0 : Math.floor((end.at - fault.at) / everyMs);
  let state = unmeasured;
  for (let count = 0; count < streak.failures + more; count += 1) state = afterResult(state, 'failed', check);
  if (state.verdict === 'unhealthy') return 'fault';
  return fault === null || end?.reason === 'answers' ? 'no fault' : 'unknown';
}
