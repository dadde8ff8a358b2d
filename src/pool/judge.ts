import { afterResult, unmeasured, withoutFailures, withoutResults, type ResultStatus } from './check-state.ts';
import type { Effect, PoolEvent } from './events.ts';
import type { Fault, NodeState } from './node-state.ts';
import { isFresh, isStale, nodePolicy, record, still, withFault, type Step, type Turn } from './turn.ts';

/** The node after a measurement. A result about another VM than the one that is judged now says nothing. */
export function afterMeasurement(
  turn: Turn,
  node: NodeState,
  event: Extract<PoolEvent, { readonly kind: 'measured' }>,
): Step {
  const check = nodePolicy(turn).checks[event.check];
  if (check === undefined || event.subject !== (node.vm?.instanceUuid ?? null)) return still(node);
  const before = node.checks[event.check] ?? unmeasured;
  const counted = countedStatus(turn, node, event.status);
  // Who answers is not failing in a row, whatever that answer is worth.
  const isAnswer = counted === 'unknown' && event.status === 'ok';
  const after = isAnswer ? withoutFailures(before) : afterResult(before, counted, check);
  if (after === before) return still(node);
  const next: NodeState = { ...node, checks: { ...node.checks, [event.check]: after } };
  if (after.verdict === 'unhealthy') {
    return before.verdict === 'unhealthy' ? still(next) : afterBadVerdict(turn, next, event.check);
  }
  if (after.failures > 0) {
    const { failures } = after;
    const suspicion = record(turn, 'check.suspect', {
      check: event.check,
      failures,
      of: check.failures,
      detail: event.detail,
    });
    return { node: next, effects: failures === 1 ? [suspicion, { kind: 'discover' }] : [suspicion] };
  }
  return after.verdict === 'healthy' ? afterSuccess(turn, next) : still(next);
}

/**
 * What a result counts as. vCenter's word goes first while it is fresh: a VM that is off or gone has failed, whoever answers at its
 * old address, and a node that is being built is nobody's to judge. A VM that was never seen healthy has its time to come up.
 */
function countedStatus(turn: Turn, node: NodeState, status: ResultStatus): ResultStatus {
  const found = node.read?.found;
  if (found !== undefined && isFresh(turn, node)) {
    if (found.kind === 'ambiguous') return 'unknown';
    if (found.kind === 'absent') {
      const pending = node.read?.pending ?? null;
      const isWorkedOn = pending !== null && !isStale(turn, pending);
      // One that answers although vCenter does not have it is a contradiction, and no failure.
      return node.vm === null || isWorkedOn || status === 'ok' ? 'unknown' : 'failed';
    }
    if (found.mark === 'building') return 'unknown';
    if (found.power === 'off' || found.power === 'suspended') return 'failed';
  }
  return status === 'failed' && node.warmUntil !== null && turn.now < node.warmUntil ? 'unknown' : status;
}

function afterBadVerdict(turn: Turn, node: NodeState, check: string): Step {
  return node.fault === null
    ? opened(turn, node, [check])
    : { node, effects: [record(turn, 'fault.widened', { check })] };
}

/** The node with a fault that begins now, by these checks. */
export function opened(turn: Turn, node: NodeState, checks: readonly string[]): Step {
  const { vm } = node;
  const fault: Fault = {
    openedAt: turn.now,
    vm,
    acted: [],
    restores: {},
    isAbandoned: false,
    course: { kind: 'watching' },
    approval: null,
    decided: null,
  };
  return {
    node: { ...node, fault, warmUntil: null },
    effects: [record(turn, 'fault.opened', { checks, vm }), { kind: 'discover' }],
  };
}

/** A success ends the time of coming up once every check is healthy, and the fault once none is unhealthy. */
function afterSuccess(turn: Turn, node: NodeState): Step {
  const checks = Object.keys(nodePolicy(turn).checks);
  const isWell = checks.every((name) => node.checks[name]?.verdict === 'healthy');
  return afterGoodVerdict(turn, isWell ? { ...node, warmUntil: null } : node);
}

/** Closes the fault when none of its checks is unhealthy any more. An own run is awaited: its end tells more. */
export function afterGoodVerdict(turn: Turn, node: NodeState): Step {
  const { fault } = node;
  if (fault === null || fault.course.kind === 'running' || fault.course.kind === 'restoring') return still(node);
  const unhealthy = unhealthyChecks(turn, node);
  const restores = Object.entries(fault.restores);
  if (unhealthy.length === 0 && !fault.isAbandoned) return closed(turn, node, 'answers');
  const acted = fault.acted.filter((name) => name.startsWith('gate:') || unhealthy.includes(name));
  const stillNeeded = restores.filter(([name]) => unhealthy.includes(name));
  if (acted.length === fault.acted.length && stillNeeded.length === restores.length) return still(node);
  return still(withFault(node, { acted, restores: Object.fromEntries(stillNeeded) }));
}

type CloseReason = 'answers' | 'replaced' | 'rebuilt' | 'removed' | 'unobserved';

/** The node without its fault. */
export function closed(turn: Turn, node: NodeState, reason: CloseReason): Step {
  const restores = Math.max(0, ...Object.values(node.fault?.restores ?? {}));
  const effects: Effect[] = [record(turn, 'fault.closed', { reason, ...(restores > 0 ? { restores } : {}) })];
  return { node: { ...node, fault: null }, effects };
}

/** Checks of the node, of those it has by policy, whose verdict is unhealthy. */
export function unhealthyChecks(turn: Turn, node: NodeState): readonly string[] {
  return Object.keys(nodePolicy(turn).checks).filter((name) => node.checks[name]?.verdict === 'unhealthy');
}

/**
 * The node when this controller measures it no more: results that nothing refreshes say nothing, and the fault is for those who observe it
 * now. An own run is awaited, and so is a person who was asked because Monit ordered a rebuild; work that somebody left half done stays
 * anybody's.
 */
export function unobserved(turn: Turn, node: NodeState): Step {
  const { fault } = node;
  if (fault?.course.kind === 'running' || fault?.course.kind === 'restoring') return still(node);
  const forgotten: NodeState = { ...node, checks: {} };
  if (fault === null || fault.isAbandoned) return still(forgotten);
  const isByOrder = fault.approval !== null && Object.keys(node.checks).length === 0;
  return isByOrder ? still(node) : closed(turn, forgotten, 'unobserved');
}

/** The node with no result left to count. */
export function withoutOldResults(node: NodeState): NodeState {
  const checks = Object.entries(node.checks).map(([name, state]) => [name, withoutResults(state)] as const);
  return { ...node, checks: Object.fromEntries(checks) };
}
