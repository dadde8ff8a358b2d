import { afterResult, isFailing, unmeasured, type CheckState, type ResultStatus } from './check-state.ts';
import type { CheckPolicy } from './policy.ts';

/** A check of this machine. A fault is open from its unhealthy verdict until it is healthy again; its action is taken once. */
export interface HostCheckState {
  readonly check: CheckState;
  readonly isFault: boolean;
  readonly isActed: boolean;
}

/** What follows from a result. `act`: take the check's action now. */
export type HostStep = 'opened' | 'act' | 'closed';

/** Nothing is known of it. */
export const unmeasuredHostCheck: HostCheckState = { check: unmeasured, isFault: false, isActed: false };

/** The check as an earlier process left it: its verdict counts for nothing until it failed, or succeeded, afresh. */
export function rememberedHostCheck(isActed: boolean): HostCheckState {
  return { check: { ...unmeasured, verdict: 'unhealthy' }, isFault: true, isActed };
}

/** The check after one more result. While its action is held, it stays due: every further failure asks again. */
export function afterHostResult(
  state: HostCheckState,
  status: ResultStatus,
  policy: Pick<CheckPolicy, 'failures' | 'successes'>,
  isHeld: boolean,
): { readonly state: HostCheckState; readonly steps: readonly HostStep[] } {
  const thresholds = { ...policy, action: { kind: 'alert' }, ignoresHeartbeat: false } as const;
  const check = afterResult(state.check, status, thresholds);
  if (check.verdict === 'healthy') {
    return { state: { check, isFault: false, isActed: false }, steps: state.isFault ? ['closed'] : [] };
  }
  const isBad = status === 'failed' && check.verdict === 'unhealthy' && isFailing(check, thresholds);
  if (!isBad) return { state: { ...state, check }, steps: [] };
  const acts = !state.isActed && !isHeld;
  return {
    state: { check, isFault: true, isActed: state.isActed || acts },
    steps: [...(state.isFault ? [] : (['opened'] as const)), ...(acts ? (['act'] as const) : [])],
  };
}
