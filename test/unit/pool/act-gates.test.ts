import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allGates, peerHolds } from '../../../src/pool/act-gates.ts';
import { calm } from '../../../src/pool/brake.ts';
import type { Vote } from '../../../src/pool/consultation.ts';
import { decide } from '../../../src/pool/decide.ts';
import type { Approval } from '../../../src/pool/node-state.ts';
import { actCase, certified, faulty, holding, judged, nodeOf, now, policyOf, vote, type Given } from './act-case.ts';

const healthySelf = { loopLagMs: 20, stalledAgoMs: null, freeBytes: 1e12, isWitnessReached: null };
const three = policyOf(['a', 'b', 'c']);
const five = ['a', 'b', 'c', 'd', 'e'];
const off = { ...certified, power: 'off' } as const;
const tripped = { ...calm, storm: { since: now - 1, reason: 'three rebuilds failed', stirredAt: now - 1 } };

/** A person's word about `c`, in mode approve. */
function approved(more: Partial<Approval>): Given {
  const approval = {
    vm: judged,
    run: 'r1',
    answer: 'given',
    by: 'alice',
    reason: '',
    until: now + 1,
    ...more,
  } as const;
  const { fault } = faulty(three);
  return { policy: { mode: 'approve' }, node: { fault: fault && { ...fault, approval } } };
}

describe('a gate', () => {
  it('lets pass what all agree on', () => expect(holding({})).toEqual([]));

  it.each<readonly [string, readonly string[], Given]>([
    ['vCenter cannot be read', ['self_trust'], { isReadable: false }],
    ['the event loop was held up', ['self_trust'], { consultation: { self: { ...healthySelf, loopLagMs: 2_001 } } }],
    ['the event loop was held up for less', [], { consultation: { self: { ...healthySelf, loopLagMs: 2_000 } } }],
    [
      'it stood still a moment ago',
      ['self_trust'],
      { consultation: { self: { ...healthySelf, stalledAgoMs: 54_999 } } },
    ],
    ['it stood still long ago', [], { consultation: { self: { ...healthySelf, stalledAgoMs: 55_000 } } }],
    ['the disk is full', ['self_trust'], { consultation: { self: { ...healthySelf, freeBytes: 50 * 2 ** 20 - 1 } } }],
    ['there is just room', [], { consultation: { self: { ...healthySelf, freeBytes: 50 * 2 ** 20 } } }],
    ['free space cannot be told', ['self_trust'], { consultation: { self: { ...healthySelf, freeBytes: null } } }],
    ['nobody answers', ['self_trust', 'quorum'], { consultation: { votes: [vote('b', { answer: 'silent' })] } }],
    [
      'nobody answers, and vCenter calls it off',
      [],
      { found: off, consultation: { votes: [vote('b', { answer: 'silent', ageMs: null })] } },
    ],
    [
      'nobody answers, and a witness is reached',
      ['quorum'],
      {
        consultation: {
          votes: [vote('b', { answer: 'silent', ageMs: null })],
          self: { ...healthySelf, isWitnessReached: true },
        },
      },
    ],
    ['it was not read lately', ['eligibility'], { node: { readAt: now - 60_001 } }],
    ['it was read just lately enough', [], { node: { readAt: now - 60_000 } }],
    ['it was never read', ['eligibility'], { node: { read: null, readAt: null } }],
    ['two have the name', ['eligibility'], { found: { kind: 'ambiguous' } }],
    ['none has the name', [], { found: { kind: 'absent' } }],
    ['it is not certified', ['eligibility'], { found: { ...certified, mark: 'none' } }],
    ['its host is away', ['eligibility'], { found: { ...certified, connection: 'disconnected' } }],
    ['its host is not told of', ['eligibility'], { found: { ...certified, connection: null } }],
    ['the heartbeat is green', ['heartbeat'], { found: { ...certified, heartbeat: 'green' } }],
    ['the heartbeat is yellow', [], { found: { ...certified, heartbeat: 'yellow' } }],
    ['the heartbeat is not known', [], { found: { ...certified, heartbeat: null } }],
    ['another one sees it alive', ['quorum'], { consultation: { votes: [vote('b', { answer: 'healthy' })] } }],
    [
      'another one is paused, or its brake tripped',
      ['peer_hold'],
      { consultation: { votes: [vote('b', { holds: [{ gate: 'storm', message: 'tripped' }] })] } },
    ],
    [
      'one that cannot vote is paused',
      ['peer_hold'],
      {
        names: five,
        consultation: {
          votes: [
            ...['b', 'd'].map((name) => vote(name)),
            vote('e', { answer: 'unknown', isTrusted: false, holds: [{ gate: 'paused', message: 'work' }] }),
          ],
        },
      },
    ],
    [
      'the brake is tripped here as well as there',
      ['storm'],
      { brake: tripped, consultation: { votes: [vote('b', { holds: [{ gate: 'storm', message: 'tripped' }] })] } },
    ],
    ['the image is being changed', ['rollout'], { consultation: { rollout: 'the image is being copied' } }],
    ['it answers a probe', ['confirm'], { consultation: { confirmation: { status: 'ok', detail: '' } } }],
    ['no probe can be made', ['confirm'], { consultation: { confirmation: { status: 'unknown', detail: '' } } }],
    ['two of three are unhealthy', ['max_unhealthy'], { others: { b: faulty(three, 60_000) } }],
    ['two of five are unhealthy', [], { names: five, others: { b: faulty(three, 60_000) } }],
    [
      'three of five are unhealthy',
      ['max_unhealthy'],
      { names: five, others: { b: faulty(three, 60_000), d: faulty(three, 60_000) } },
    ],
    [
      'as many are unhealthy as there are, by a count of one',
      ['max_unhealthy'],
      { names: five, policy: { maxUnhealthy: 1 }, others: { b: faulty(three, 60_000) } },
    ],
    [
      'the last healthy node would go, by a count',
      ['max_unhealthy'],
      {
        names: ['a', 'b', 'c'],
        policy: { maxUnhealthy: 9 },
        others: { a: faulty(three, 60_000), b: faulty(three, 60_000) },
      },
    ],
    [
      'half of four was lost at one time, and others confirm it',
      ['max_unhealthy'],
      { names: ['a', 'b', 'c', 'd'], others: { b: faulty(three) } },
    ],
    [
      'half of four was lost at one time, and nobody confirms it',
      ['max_unhealthy', 'cliff', 'quorum'],
      {
        names: ['a', 'b', 'c', 'd'],
        others: { b: faulty(three) },
        consultation: { votes: [vote('b', { answer: 'unknown' }), vote('d', { answer: 'unknown' })] },
      },
    ],
    [
      'half of four was lost, one after the other',
      ['max_unhealthy', 'quorum'],
      {
        names: ['a', 'b', 'c', 'd'],
        others: { b: faulty(three, 55_001) },
        consultation: { votes: [vote('b', { answer: 'unknown' }), vote('d', { answer: 'unknown' })] },
      },
    ],
    ['another rebuild is under way', ['max_concurrent'], { others: { b: pendingSince(0) } }],
    ['another rebuild was left behind', [], { others: { b: pendingSince(600_001) } }],
    ['two may be under way', [], { policy: { maxConcurrent: 2 }, others: { b: pendingSince(0) } }],
    ['three were rebuilt within the hour', ['max_per_hour'], { rebuiltAt: [now - 3_599_999, now - 1, now] }],
    ['two of three were rebuilt within the hour', [], { rebuiltAt: [now - 3_600_000, now - 1, now] }],
    ['the storm brake is tripped', ['storm'], { brake: tripped }],
    ['two of three setbacks have come', [], { brake: { ...calm, setbacks: [now - 2, now - 1] } }],
    ['nobody approved', ['approval'], { policy: { mode: 'approve' } }],
    ['a person approved', [], approved({})],
    ['the approval is too old', ['approval'], approved({ until: now })],
    ['the approval is of another VM', ['approval'], approved({ vm: { moid: 'vm-1', instanceUuid: 'uuid-1' } })],
    ['a person rejected it', ['approval'], approved({ answer: 'rejected' })],
    ['it is this machine', ['own_node'], { policy: { self: 'c' } }],
  ])('when %s: %j', (_, gates, given) => expect(holding(given)).toEqual(gates));

  it('a pause with a long reason is told in an answer that is heard', () => {
    const { turn, node } = actCase();
    const pauses = [{ scope: 'pool', until: null, reason: 'x'.repeat(100_000) }];
    const [hold, ...others] = peerHolds({ ...turn, pool: { ...turn.pool, pauses } }, node);
    expect(hold).toMatchObject({ gate: 'paused', message: expect.stringMatching(/^pool is paused: x+$/) });
    expect(hold?.message.length).toBeLessThan(2_000);
    expect(others).toEqual([]);
  });

  it('a person who overrides a gate overrides it in the others, too, and no other one', () => {
    const holds = [
      { gate: 'paused', message: 'work' },
      { gate: 'storm', message: 'tripped' },
    ];
    const given = actCase({ consultation: { votes: [vote('b', { holds })] } });
    const withForce = (...force: readonly string[]): readonly string[] =>
      allGates({ ...given, order: { isDryRun: false, force } }).flatMap((each) => (each.holds ? [each.gate] : []));
    expect(withForce('paused')).toEqual(['peer_hold']);
    expect(withForce('paused', 'storm')).toEqual([]);
    expect(withForce('peer_hold')).toEqual([]);
  });

  it('takes over what was left half built, which nobody can measure, unless somebody sees it alive', () => {
    const found = { ...certified, mark: 'building' } as const;
    const { fault } = faulty(three);
    const left = fault && { ...fault, isAbandoned: true };
    const unmeasured = {
      votes: [vote('b', { answer: 'unknown' })],
      confirmation: { status: 'unknown', detail: '' },
    } as const;
    const node = { fault: left, read: { found, pending: null } };
    expect(holding({ node, consultation: unmeasured })).toEqual([]);
    const seen = { ...unmeasured, votes: [vote('b', { answer: 'healthy' })] };
    expect(holding({ node, consultation: seen })).toEqual(['quorum']);
  });
});

function pendingSince(agoMs: number): ReturnType<typeof nodeOf> {
  return nodeOf(three, { read: { found: certified, pending: { by: 'x', sinceMs: now - agoMs, isOver: false } } });
}

const someVote: fc.Arbitrary<Vote> = fc.record({
  observer: fc.constantFrom('b', 'd', 'e'),
  answer: fc.constantFrom('unhealthy', 'healthy', 'unknown', 'silent'),
  subject: fc.constantFrom('uuid-9', 'uuid-of-old', null),
  ageMs: fc.constantFrom(0, 55_000, 55_001, null),
  isTrusted: fc.boolean(),
  latencyMs: fc.constant(1),
  detail: fc.constant(''),
});
const someVotes = fc.uniqueArray(someVote, { maxLength: 3, selector: ({ observer }) => observer });

describe('whatever others say', () => {
  it('a rebuild needs an own verdict', () => {
    fc.assert(
      fc.property(someVotes, (votes) => {
        const { turn, consultation } = actCase({ names: five, consultation: { votes } });
        for (const node of [nodeOf(turn.policy), nodeOf(turn.policy, { warmUntil: now + 1 })]) {
          const state = { ...turn.pool, nodes: { ...turn.pool.nodes, c: node } };
          const { effects } = decide(state, { kind: 'consulted', node: 'c', consultation }, turn.policy, now);
          expect(effects).toEqual([]);
        }
      }),
    );
  });

  it('one more that sees it alive makes no hold a pass', () => {
    fc.assert(
      fc.property(someVotes, fc.constantFrom('b', 'd', 'e'), fc.boolean(), (votes, observer, isTrusted) => {
        const before = holding({ names: five, consultation: { votes } });
        const healthy = vote(observer, { answer: 'healthy', isTrusted });
        const changed = [...votes.filter((each) => each.observer !== observer), healthy];
        const after = holding({ names: five, consultation: { votes: changed } });
        // An answer shows that this controller is connected; whatever it says of the node.
        for (const gate of before.filter((each) => each !== 'self_trust')) expect(after).toContain(gate);
        expect(after).toContain('quorum');
      }),
    );
  });

  it('a quorum of trusted, present voices about this VM alone lets pass', () => {
    fc.assert(
      fc.property(someVotes, (votes) => {
        const passes = !holding({ names: five, consultation: { votes } }).includes('quorum');
        const counts = (each: Vote): boolean =>
          each.answer === 'unhealthy' &&
          each.isTrusted &&
          each.subject === judged.instanceUuid &&
          (each.ageMs ?? Infinity) <= 55_000;
        const isVetoed = votes.some(({ answer, ageMs }) => answer === 'healthy' && (ageMs ?? Infinity) <= 55_000);
        expect(passes).toBe(!isVetoed && votes.filter(counts).length + 1 >= 3);
      }),
    );
  });
});

it('every gate says what it found, held or not', () => {
  for (const { message } of allGates(actCase())) expect(message).toMatch(/\w/);
});
