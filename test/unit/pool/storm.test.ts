import { describe, expect, it } from 'vitest';
import { calm } from '../../../src/pool/brake.ts';
import { decide } from '../../../src/pool/decide.ts';
import type { PoolEvent } from '../../../src/pool/events.ts';
import type { PoolState } from '../../../src/pool/node-state.ts';
import type { CheckPolicy } from '../../../src/pool/policy.ts';
import { judged, nodeOf, now, policyOf } from './act-case.ts';

const ping: CheckPolicy = { failures: 1, successes: 1, action: { kind: 'rebuild' }, ignoresHeartbeat: false };
const disk: CheckPolicy = { ...ping, action: { kind: 'alert' } };
const nodes = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, { checks: { ping, disk } }]));
const policy = { ...policyOf(['a', 'b', 'c']), nodes };

/** What the brake is after a node that was rebuilt a minute ago had these results. */
function brakeAfter(...results: readonly (readonly ['ping' | 'disk', 'ok' | 'failed'])[]): PoolState['brake'] {
  const pool: PoolState = {
    nodes: { c: nodeOf(policy) },
    pauses: [],
    isReadable: true,
    rebuiltAt: [now - 60_000],
    brake: { ...calm, rebuilt: { c: now - 60_000 } },
  };
  const events = results.map(([check, status]): PoolEvent => ({
    kind: 'measured',
    node: 'c',
    check,
    subject: judged.instanceUuid,
    status,
    detail: '',
  }));
  return events.reduce((state, event, index) => decide(state, event, policy, now + 1000 * index).state, pool).brake;
}

const often = [1, 2, 3, 4, 5];

describe('the storm brake', () => {
  it('counts a rebuilt node that fails again', () => {
    expect(brakeAfter(['ping', 'failed']).setbacks).toHaveLength(1);
  });

  it('is not tripped by a check of a rebuilt node that only alerts, however often it comes and goes', () => {
    const results = often.flatMap(() => [['disk', 'failed'] as const, ['disk', 'ok'] as const]);
    expect(brakeAfter(...results)).toMatchObject({ storm: null, setbacks: [] });
  });

  it('counts a rebuilt node that fails again while a check that only alerts has failed already', () => {
    expect(brakeAfter(['disk', 'failed'], ['ping', 'failed']).setbacks).toHaveLength(1);
  });
});
