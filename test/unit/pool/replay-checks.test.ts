import { describe, expect, it } from 'vitest';
import { replayStreak, streaksOf, type Observed } from '../../../src/pool/replay-checks.ts';
import type { PoolPolicy } from '../../../src/pool/policy.ts';
import { policyOf } from './act-case.ts';

const node = 'a';
const failed = (at: number, failures: number, check = 'ping'): Observed => ({
  at,
  node,
  kind: 'failed',
  check,
  failures,
});
const unhealthy = (at: number, checks = ['ping']): Observed => ({ at, node, kind: 'unhealthy', checks });
const closed = (at: number, reason: string): Observed => ({ at, node, kind: 'closed', reason });

/** Three failures are a fault; every 20 s. */
const fault = [failed(0, 1), failed(20_000, 2), unhealthy(40_000)];

function policy(failures: number): PoolPolicy {
  const ping = { failures, successes: 1, action: { kind: 'rebuild' }, ignoresHeartbeat: false } as const;
  return policyOf(['a'], { nodes: { a: { checks: { ping } } } });
}

const verdicts = (record: readonly Observed[], failures: number): readonly string[] =>
  streaksOf(record).map((streak) => replayStreak(streak, policy(failures)));

describe('recorded failures', () => {
  it('are streaks of each check of each node, one ending where the count begins anew', () => {
    const record: readonly Observed[] = [
      failed(0, 1),
      failed(5_000, 1, 'http'),
      failed(20_000, 2),
      failed(100_000, 1),
      { ...failed(100_500, 1), node: 'b' },
    ];
    expect(streaksOf(record).map(({ node: of, check, at, failures }) => [of, check, at, failures])).toEqual([
      ['a', 'ping', 0, 2],
      ['a', 'http', 5_000, 1],
      ['a', 'ping', 100_000, 1],
      ['b', 'ping', 100_500, 1],
    ]);
  });

  it('that became a fault end with it', () => {
    const [first, second, ...more] = streaksOf([...fault, closed(75_000, 'answers'), failed(200_000, 1)]);
    expect(first).toMatchObject({
      failures: 3,
      everyMs: 20_000,
      fault: { at: 40_000, end: { at: 75_000, reason: 'answers' } },
    });
    expect(second).toMatchObject({ at: 200_000, failures: 1, fault: null });
    expect(more).toEqual([]);
  });

  it('are no fault by a policy that asks for more of them', () => {
    expect(verdicts([failed(0, 1), failed(20_000, 2), failed(100_000, 1)], 3)).toEqual(['no fault', 'no fault']);
  });

  it('are a fault by a policy that asks for fewer', () => {
    expect(verdicts([failed(0, 1), failed(20_000, 2), failed(100_000, 1)], 2)).toEqual(['fault', 'no fault']);
    expect(verdicts(fault, 2)).toEqual(['fault']);
  });

  it.each([
    [4, 'fault'],
    [5, 'no fault'],
  ] as const)('that went on for 35 s more, are by a policy of %i failures: %s', (failures, verdict) => {
    expect(verdicts([...fault, closed(75_000, 'answers')], failures)).toEqual([verdict]);
  });

  it('are not known to be none when the node was rebuilt before', () => {
    expect(verdicts([...fault, closed(75_000, 'rebuilt')], 5)).toEqual(['unknown']);
    expect(verdicts(fault, 5)).toEqual(['unknown']);
  });

  it('are none of a policy without that check', () => {
    expect(streaksOf([unhealthy(0, ['http'])]).map((streak) => replayStreak(streak, policy(1)))).toEqual(['no fault']);
  });
});
