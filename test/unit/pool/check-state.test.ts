import { describe, expect, it } from 'vitest';
import {
  afterResult,
  isFailing,
  unmeasured,
  withoutResults,
  type CheckState,
  type ResultStatus,
} from '../../../src/pool/check-state.ts';
import type { CheckPolicy } from '../../../src/pool/policy.ts';

const letters: Readonly<Record<string, ResultStatus>> = { '+': 'ok', '-': 'failed', '?': 'unknown' };

/** The check after these results, `+` ok, `-` failed, `?` unknown. */
function after(results: string, { failures = 3, successes = 1, from = unmeasured } = {}): CheckState {
  const policy: CheckPolicy = { failures, successes, action: { kind: 'alert' }, ignoresHeartbeat: false };
  return results.split('').reduce((state, letter) => afterResult(state, letters[letter] ?? 'unknown', policy), from);
}

describe('a check of three failures', () => {
  it.each([
    ['', 'unknown'],
    ['?', 'unknown'],
    ['--', 'unknown'],
    ['+', 'healthy'],
    ['+--', 'healthy'],
    ['+---', 'unhealthy'],
    ['---', 'unhealthy'],
    ['--+--', 'healthy'],
    ['--?-', 'unhealthy'],
    ['---?', 'unhealthy'],
    ['---+', 'healthy'],
  ] as const)('is, after %j, %s', (results, verdict) => {
    expect(after(results).verdict).toBe(verdict);
  });

  it('counts failures in a row, and stops at three', () => {
    expect(after('+--').failures).toBe(2);
    expect(after('+-----')).toEqual({ verdict: 'unhealthy', failures: 3, successes: 0 });
  });
});

describe('a check that asks for two successes', () => {
  it('is unhealthy until the second in a row', () => {
    expect(after('---+', { successes: 2 }).verdict).toBe('unhealthy');
    expect(after('---+-+', { successes: 2 }).verdict).toBe('unhealthy');
    expect(after('---++', { successes: 2 }).verdict).toBe('healthy');
  });

  it('is healthy with the first when nothing was concluded before', () => {
    expect(after('--+', { successes: 2 }).verdict).toBe('healthy');
  });
});

describe('old results that count for nothing', () => {
  it('leave an unhealthy verdict, which alone is no present failure', () => {
    const state = withoutResults(after('---'));
    expect(state).toEqual({ verdict: 'unhealthy', failures: 0, successes: 0 });
    expect(isFailing(state, { failures: 3, successes: 1, action: { kind: 'alert' }, ignoresHeartbeat: false })).toBe(
      false,
    );
  });

  it('leave nothing of a healthy one, nor of failures that were no verdict yet', () => {
    expect(withoutResults(after('+'))).toEqual(unmeasured);
    expect(withoutResults(after('--'))).toEqual(unmeasured);
  });

  it('let a check fail afresh', () => {
    const afresh = after('---', { from: withoutResults(after('---')) });
    expect(isFailing(afresh, { failures: 3, successes: 1, action: { kind: 'alert' }, ignoresHeartbeat: false })).toBe(
      true,
    );
  });
});
