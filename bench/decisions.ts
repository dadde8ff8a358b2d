import { decide } from '../src/pool/decide.ts';
import type { PoolEvent } from '../src/pool/events.ts';
import type { Consultation, Vote } from '../src/pool/consultation.ts';
import { initialState, type PoolState } from '../src/pool/node-state.ts';
import { observersOf } from '../src/pool/observers.ts';
import type { PoolPolicy } from '../src/pool/policy.ts';

/** How long one decision takes, in microseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  /** CPU time of one, from the time of all. */
  readonly cpu: number;
}

/** Of a pool: what a good result costs, the most frequent event, and the one after which all gates are asked and a rebuild is ordered. */
export interface DecisionCost {
  readonly nodes: number;
  readonly result: Latency;
  readonly gates: Latency;
}

const self = 'webbox1';
const warmUps = 20;
const times = 1_000;
const now = 10_000_000;

/** Measured on a pool in which one node is dead, on one of its observers. */
export function decisionCosts(size: number): DecisionCost {
  const names = Array.from({ length: size }, (_, index) => `webbox${index + 1}`);
  const policy = policyOf(names);
  const seen = names.filter((name) => name !== self && observersOf(name, names, () => true).includes(self));
  const [dead, well] = seen;
  if (dead === undefined || well === undefined) throw new RangeError(`${self} observes too few`);
  const healthy = seen.reduce<PoolState>(
    (state, node) => decide(state, measured(node, 'ok'), policy, now).state,
    readAll(policy, names),
  );
  const failed = [1, 2, 3].reduce((state) => decide(state, measured(dead, 'failed'), policy, now).state, healthy);
  const looking = lookedAt(failed, policy, dead);
  const consulted: PoolEvent = { kind: 'consulted', node: dead, consultation: consultationOf(dead, names) };
  const last = decide(looking, consulted, policy, now + 4_000);
  if (!last.effects.some(({ kind }) => kind === 'rebuild')) throw new Error('no rebuild is ordered');
  return {
    nodes: size,
    result: latencyOf(() => decide(failed, measured(well, 'ok'), policy, now + 4_000)),
    gates: latencyOf(() => decide(looking, consulted, policy, now + 4_000)),
  };
}

function latencyOf(work: () => unknown): Latency {
  for (let round = 0; round < warmUps; round += 1) work();
  const spent: number[] = [];
  const before = process.cpuUsage();
  const until = performance.now() + 10_000;
  while (spent.length < times && performance.now() < until) {
    const began = performance.now();
    work();
    spent.push((performance.now() - began) * 1000);
  }
  const { user, system } = process.cpuUsage(before);
  const sorted = spent.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), cpu: (user + system) / spent.length };
}

/** The turn of this controller has come, and vCenter was read afresh. */
function lookedAt(state: PoolState, policy: PoolPolicy, dead: string): PoolState {
  const waited = decide(state, { kind: 'time' }, policy, now).state;
  const node = waited.nodes[dead];
  if (node === undefined || node.fault === null) throw new Error(`${dead} has no fault`);
  const course = { kind: 'looking', askedAt: now, isRead: true, consultation: null, consultedAt: null } as const;
  return { ...waited, nodes: { ...waited.nodes, [dead]: { ...node, fault: { ...node.fault, course } } } };
}

function readAll(policy: PoolPolicy, names: readonly string[]): PoolState {
  const nodes = Object.fromEntries(
    names.map((name) => {
      const vm = { moid: `vm-${name}`, instanceUuid: `uuid-${name}` };
      const found = {
        kind: 'vm',
        vm,
        mark: 'certified',
        by: 'regrow',
        power: 'on',
        connection: 'connected',
        heartbeat: 'gray',
      } as const;
      return [name, { found, pending: null }];
    }),
  );
  return decide(initialState(policy, {}, now), { kind: 'read', begunAt: now, nodes }, policy, now).state;
}

function measured(node: string, status: 'ok' | 'failed'): PoolEvent {
  return { kind: 'measured', node, check: 'ping', subject: `uuid-${node}`, status, detail: '' };
}

function consultationOf(dead: string, names: readonly string[]): Consultation {
  const observers = observersOf(dead, names, () => true).filter((name) => name !== self);
  const votes = observers.map((observer): Vote => ({
    observer,
    answer: 'unhealthy',
    subject: `uuid-${dead}`,
    ageMs: 5_000,
    isTrusted: true,
    latencyMs: 5,
    detail: '',
  }));
  const selfFacts = { loopLagMs: 1, stalledAgoMs: null, freeBytes: 1e12, isWitnessReached: null };
  return { votes, confirmation: { status: 'failed', detail: 'no answer' }, self: selfFacts, rollout: null };
}

function policyOf(names: readonly string[]): PoolPolicy {
  const ping = { failures: 3, successes: 1, action: { kind: 'rebuild' }, ignoresHeartbeat: false } as const;
  return {
    self,
    isTakenOut: false,
    builder: self,
    nodes: Object.fromEntries(names.map((name) => [name, { checks: { ping } }])),
    mode: 'act',
    quorum: 'majority',
    witnesses: 0,
    voteFreshMs: 55_000,
    cliff: 0.5,
    cliffWindowMs: 55_000,
    maxUnhealthy: 'minority',
    maxConcurrent: 1,
    maxPerHour: Math.max(3, names.length),
    stormAfter: 5,
    stormQuietMs: 3_600_000,
    approvalExpiresMs: 3_600_000,
    startupGraceMs: 180_000,
    stabilityWindowMs: 3_600_000,
    maxAttempts: 3,
    backoffMs: 120_000,
    staggerMs: 30_000,
    takeoverMs: 600_000,
    readingFreshMs: 60_000,
  };
}
