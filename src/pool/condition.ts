import { consultedGates, isAtWork } from './act-gates.ts';
import { unmeasured } from './check-state.ts';
import type { Hold } from './gates.ts';
import type { Course, Fault, NodeReading, NodeState, WaitReason } from './node-state.ts';
import { isObserverOf } from './observers.ts';
import { isFresh, isStale, nodePolicy, type Turn } from './turn.ts';

/** The condition of a node as people see it, each with one line that says why. Times are monotonic milliseconds. */
export type Condition = { readonly why: string } & (
  | { readonly kind: 'unknown' | 'healthy' | 'warming' }
  | { readonly kind: 'suspect'; readonly check: string; readonly failures: number; readonly of: number }
  | { readonly kind: 'faulted'; readonly until: number | null }
  | { readonly kind: 'remediating'; readonly by: string | null; readonly isMine: boolean; readonly run: string | null }
  | { readonly kind: 'held'; readonly holds: readonly Hold[] }
  | { readonly kind: 'exhausted'; readonly attempts: number }
);

/** The condition of the turn's node. */
export function conditionOf(turn: Turn, node: NodeState): Condition {
  if (node.fault !== null) return heldWhileAsking(node.fault) ?? faultedCondition(turn, node, node.fault.course);
  const { read } = node;
  const found = isFresh(turn, node) ? read?.found : undefined;
  const isWorkedOn = read?.pending !== undefined && read.pending !== null && !isStale(turn, read.pending);
  if (isWorkedOn || (found?.kind === 'vm' && found.mark === 'building')) {
    const by = read?.pending?.by ?? (found?.kind === 'vm' ? found.by : null);
    return { kind: 'remediating', by, isMine: false, run: null, why: `${by ?? 'another controller'} is building it` };
  }
  if (found?.kind === 'ambiguous')
    return { kind: 'unknown', why: 'more than one VM has its name: nothing can be said of it' };
  if (turn.name === turn.policy.self) return ownCondition(found?.kind === 'vm');
  return isObservedHere(turn) ? measuredCondition(turn, node) : othersCondition(found);
}

/** In a large pool each node is observed by a few; of the others this controller knows what vCenter shows. */
function isObservedHere({ name, pool, policy }: Turn): boolean {
  const { self } = policy;
  return self === null || isObserverOf(self, name, Object.keys(policy.nodes), (other) => isAtWork(pool.nodes[other]));
}

function othersCondition(found: NodeReading | undefined): Condition {
  const isUp = found?.kind === 'vm' && found.mark === 'certified' && found.power === 'on';
  return isUp
    ? { kind: 'healthy', why: 'other nodes observe it; vCenter shows it on and certified' }
    : { kind: 'unknown', why: 'other nodes observe it; vCenter does not show it at work' };
}

function ownCondition(isSeen: boolean): Condition {
  return isSeen
    ? { kind: 'healthy', why: 'this machine' }
    : { kind: 'unknown', why: 'this machine; vCenter has not shown it yet' };
}

function measuredCondition(turn: Turn, node: NodeState): Condition {
  const checks = Object.entries(nodePolicy(turn).checks);
  const worst = checks
    .map(([check, { failures: of }]) => ({ check, of, failures: (node.checks[check] ?? unmeasured).failures }))
    .filter(({ failures }) => failures > 0)
    .toSorted((a, b) => b.failures / b.of - a.failures / a.of)[0];
  if (worst !== undefined)
    return { kind: 'suspect', ...worst, why: `${worst.check} failed ${worst.failures} of ${worst.of} times` };
  const isWell = checks.length > 0 && checks.every(([name]) => node.checks[name]?.verdict === 'healthy');
  if (isWell) return { kind: 'healthy', why: checks.length === 1 ? 'its check passes' : 'all checks pass' };
  if (node.warmUntil !== null && turn.now < node.warmUntil && node.vm !== null)
    return { kind: 'warming', why: 'not seen healthy yet; its failures do not count' };
  const missing = checks.filter(([name]) => node.checks[name]?.verdict !== 'healthy').map(([name]) => name);
  return {
    kind: 'unknown',
    why: missing.length === 0 ? 'no check is configured' : `nothing known of ${missing.join(', ')}`,
  };
}

/** Gates that are asked afresh hold until they have answered: a node does not come and go as held with every question. */
function heldWhileAsking({ course, decided }: Fault): Condition | undefined {
  const isAsking = course.kind === 'looking' || (course.kind === 'waiting' && course.reason === 'turn');
  const holding = decided?.gates.filter(({ gate, holds }) => holds && consultedGates.includes(gate)) ?? [];
  if (!isAsking || holding.length === 0) return undefined;
  const holds = holding.map(({ gate, message }) => ({ gate, message, forceable: false }));
  return { kind: 'held', holds, why: holds.map(({ message }) => message).join('; ') };
}

function faultedCondition(turn: Turn, node: NodeState, course: Course): Condition {
  const failed = Object.entries(node.checks).flatMap(([name, { verdict }]) => (verdict === 'unhealthy' ? [name] : []));
  const cause =
    failed.length === 0 ? 'half-done work was left behind' : `${failed.join(', ')} failed${restoresText(node)}`;
  switch (course.kind) {
    case 'watching':
      return { kind: 'faulted', until: null, why: cause };
    case 'waiting':
      return {
        kind: 'faulted',
        until: course.until,
        why: `${cause}; ${waitText(course.reason, course.until - turn.now)}`,
      };
    case 'looking':
      return { kind: 'faulted', until: null, why: `${cause}; vCenter is asked again before anything is done` };
    case 'held':
      return { kind: 'held', holds: course.holds, why: course.holds.map(({ message }) => message).join('; ') };
    case 'running':
      return {
        kind: 'remediating',
        by: turn.policy.builder,
        isMine: true,
        run: course.run,
        why: `${cause}; rebuilding it`,
      };
    case 'restoring':
      return {
        kind: 'remediating',
        by: turn.policy.builder,
        isMine: true,
        run: course.run,
        why: `${cause}; restoring its settings, files and services`,
      };
    case 'elsewhere':
      return {
        kind: 'remediating',
        by: course.by,
        isMine: false,
        run: null,
        why: `${cause}; ${course.by ?? 'another controller'} is rebuilding it`,
      };
    case 'exhausted':
      return {
        kind: 'exhausted',
        attempts: node.attempts,
        why: `${cause}; given up after ${node.attempts} rebuilds, \`regrow resume ${turn.name}\` tries again`,
      };
  }
}

function restoresText({ fault }: NodeState): string {
  const most = Math.max(0, ...Object.values(fault?.restores ?? {}));
  return most === 0 ? '' : `, ${most} ${most === 1 ? 'restore' : 'restores'} tried`;
}

function waitText(reason: WaitReason, ms: number): string {
  const time = `${Math.max(0, Math.ceil(ms / 1000))} s`;
  switch (reason) {
    case 'turn':
      return `another controller has the first turn, this one in ${time}`;
    case 'restore':
      return `it is restored in ${time}, unless another controller does`;
    case 'backoff':
      return `the last rebuild failed, the next one in ${time}`;
    case 'busy':
      return `this machine does another rebuild, looking again in ${time}`;
    case 'unreadable':
      return `vCenter cannot be read, trying again in ${time}`;
    case 'answered':
      return `the last look found nothing to rebuild, looking again in ${time}`;
  }
}
