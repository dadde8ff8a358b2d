import { allGates, type ActCase } from '../../../src/pool/act-gates.ts';
import type { Consultation, Vote } from '../../../src/pool/consultation.ts';
import type { GateResult } from '../../../src/pool/gates.ts';
import { blankNode, type NodeReading, type NodeState } from '../../../src/pool/node-state.ts';
import type { CheckPolicy, PoolPolicy } from '../../../src/pool/policy.ts';
import { calm, type Brake } from '../../../src/pool/brake.ts';

export const now = 1_000_000;
export const judged = { moid: 'vm-9', instanceUuid: 'uuid-9' };
type FoundVm = Extract<NodeReading, { readonly kind: 'vm' }>;

/** What vCenter shows of a node that works, as far as vCenter can tell. */
export const certified: FoundVm = {
  kind: 'vm',
  vm: judged,
  mark: 'certified',
  by: 'a',
  power: 'on',
  connection: 'connected',
  heartbeat: 'gray',
};

const ping: CheckPolicy = { failures: 3, successes: 1, action: { kind: 'rebuild' }, ignoresHeartbeat: false };

/** An observer that tried and failed, with what differs. */
export function vote(observer: string, more: Partial<Vote> = {}): Vote {
  const base = { answer: 'unhealthy', subject: judged.instanceUuid, ageMs: 1_000, isTrusted: true } as const;
  return { observer, ...base, latencyMs: 1, detail: '', ...more };
}

/** The policy of `a` in a pool of these nodes. */
export function policyOf(names: readonly string[], more: Partial<PoolPolicy> = {}): PoolPolicy {
  return {
    self: 'a',
    isTakenOut: false,
    builder: 'a',
    nodes: Object.fromEntries(names.map((name) => [name, { checks: { ping } }])),
    mode: 'act',
    approvalExpiresMs: 3_600_000,
    stormAfter: 3,
    stormQuietMs: 3_600_000,
    quorum: 'majority',
    witnesses: 0,
    voteFreshMs: 55_000,
    cliff: 0.5,
    cliffWindowMs: 55_000,
    maxUnhealthy: 'minority',
    maxConcurrent: 1,
    maxPerHour: 3,
    startupGraceMs: 60_000,
    stabilityWindowMs: 3_600_000,
    maxAttempts: 3,
    backoffMs: 60_000,
    staggerMs: 30_000,
    takeoverMs: 600_000,
    readingFreshMs: 60_000,
    ...more,
  };
}

/** A node that works, with what differs. */
export function nodeOf(policy: PoolPolicy, more: Partial<NodeState> = {}): NodeState {
  const read = { found: certified, pending: null };
  return {
    ...blankNode(policy, now),
    vm: judged,
    read,
    readAt: now,
    seenAt: now,
    readBegunAt: now,
    warmUntil: null,
    ...more,
  };
}

/** A node whose fault began just now, or so long ago. */
export function faulty(policy: PoolPolicy, agoMs = 0, more: Partial<NodeState> = {}): NodeState {
  const course = { kind: 'looking', askedAt: now, isRead: true, consultation: null, consultedAt: null } as const;
  const fault = {
    openedAt: now - agoMs,
    vm: judged,
    acted: [],
    restores: {},
    isAbandoned: false,
    course,
    approval: null,
    decided: null,
  };
  return nodeOf(policy, { fault, checks: { ping: { verdict: 'unhealthy', failures: 3, successes: 0 } }, ...more });
}

export interface Given {
  readonly names?: readonly string[];
  readonly policy?: Partial<PoolPolicy>;
  readonly found?: NodeReading;
  readonly node?: Partial<NodeState>;
  readonly others?: Readonly<Record<string, NodeState>>;
  readonly consultation?: Partial<Consultation>;
  readonly rebuiltAt?: readonly number[];
  readonly isReadable?: boolean;
  readonly brake?: Brake;
}

/** `c` has failed in a pool of three, all agree, and nothing holds, but for what is given. */
export function actCase(given: Given = {}): ActCase {
  const policy = policyOf(given.names ?? ['a', 'b', 'c'], given.policy);
  const node = faulty(policy, 0, {
    ...(given.found === undefined ? {} : { read: { found: given.found, pending: null } }),
    ...given.node,
  });
  const others = Object.fromEntries(Object.keys(policy.nodes).map((name) => [name, nodeOf(policy)]));
  const { rebuiltAt = [], isReadable = true, brake = calm } = given;
  const pool = { nodes: { ...others, ...given.others, c: node }, pauses: [], isReadable, rebuiltAt, brake };
  const names = Object.keys(policy.nodes).filter((name) => name !== 'a' && name !== 'c');
  return {
    turn: { name: 'c', pool, policy, now },
    node,
    consultation: {
      votes: names.map((name) => vote(name)),
      confirmation: { status: 'failed', detail: 'no answer' },
      self: { loopLagMs: 20, stalledAgoMs: null, freeBytes: 1e12, isWitnessReached: null },
      rollout: null,
      ...given.consultation,
    },
  };
}

/** Names of the gates that hold. */
export function holding(given: Given): readonly string[] {
  return allGates(actCase(given)).flatMap(({ gate, holds }: GateResult) => (holds ? [gate] : []));
}
