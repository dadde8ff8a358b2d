import { backoffOf, exhaust, hold, wait } from './moves.ts';
import type { Effect, PoolEvent } from './events.ts';
import { unmeasured, withoutResults } from './check-state.ts';
import { afterGoodVerdict, closed, withoutOldResults } from './judge.ts';
import type { NodeState } from './node-state.ts';
import { record, still, followedBy, withFault, type Step, type Turn } from './turn.ts';

type RunEnded = Extract<PoolEvent, { readonly kind: 'run-ended' }>;

/** A gate that vCenter's state closed is asked again after this time at the earliest, in milliseconds. */
const askAgainMs = 60_000;

const soon: Effect = { kind: 'discover' };

/** The node after an own rebuild has ended. */
export function afterRun(turn: Turn, before: NodeState, event: RunEnded): Step {
  const { policy } = turn;
  // What was read while it ran shows its own claim.
  const node = before.read === null ? before : { ...before, read: { ...before.read, pending: null } };
  // A person rebuilt a node without a fault: there is nothing to be tried again.
  if (before.fault === null && event.outcome !== 'rebuilt') return read(still(node));
  switch (event.outcome) {
    case 'rebuilt':
      return afterRebuilt(turn, counted(turn, before));
    case 'already_healthy':
      return read(wait(turn, withoutOldResults(node), 'answered', backoffOf(turn, node)));
    case 'already_replaced':
      return read(wait(turn, node, 'answered', backoffOf(turn, node)));
    case 'in_progress_elsewhere':
    case 'lost_race': {
      const course = { kind: 'elsewhere', by: event.by, until: turn.now + policy.staggerMs } as const;
      return read(still(withFault(node, { course })));
    }
    case 'refused':
      return afterRefusal(turn, node, event);
    case 'cancelled':
      return holdFor(turn, node, { gate: 'cancelled', message: `an operator cancelled run ${event.run ?? '?'}` }, null);
    // No rebuild ends as restored.
    case 'restored':
    case 'failed':
    case 'interrupted':
      return afterFailure(turn, event.isAttempt ? counted(turn, node) : node, event);
  }
}

/** The node after an own restore: its checks have to fail afresh. One that was refused, or that found another one at work, does not count. */
export function afterRestore(
  turn: Turn,
  node: NodeState,
  { outcome, run }: Extract<PoolEvent, { readonly kind: 'restore-ended' }>,
): Step {
  const { fault } = node;
  if (fault?.course.kind !== 'restoring') return still(node);
  if (outcome === 'refused' || outcome === 'in_progress_elsewhere')
    return wait(turn, node, 'restore', turn.policy.staggerMs);
  if (outcome === 'cancelled')
    return holdFor(turn, node, { gate: 'cancelled', message: `an operator cancelled run ${run ?? '?'}` }, null);
  const { checks } = fault.course;
  const restores = { ...fault.restores };
  const results = { ...node.checks };
  for (const check of checks) {
    restores[check] = (restores[check] ?? 0) + 1;
    const result = node.checks[check] ?? unmeasured;
    if (result.verdict === 'unhealthy') results[check] = withoutResults(result);
  }
  return afterGoodVerdict(turn, withFault({ ...node, checks: results }, { restores, course: { kind: 'watching' } }));
}

/** The new VM has its time to come up. Its identity comes with the next reading, which counts the rebuild where no fault was closed by it. */
function afterRebuilt(turn: Turn, node: NodeState): Step {
  const fresh: NodeState = {
    ...node,
    vm: node.fault === null ? node.vm : null,
    read: null,
    readAt: null,
    checks: {},
    warmUntil: turn.now + turn.policy.startupGraceMs,
  };
  return read(node.fault === null ? still(fresh) : closed(turn, fresh, 'rebuilt'));
}

/** Gates that this controller asks itself, before it orders a run and again when its time comes. */
const ownGates: readonly string[] = ['own_node', 'taken_out', 'paused', 'dry_run', 'approval'];

function afterRefusal(turn: Turn, node: NodeState, { gate, message }: RunEnded): Step {
  if (gate === 'exhausted') return exhaust(turn, node);
  if (gate === 'probe_unknown') return read(wait(turn, node, 'answered', backoffOf(turn, node)));
  // This controller hears of the gate itself in a moment; asked again at once, it would be refused again and again until then.
  if (gate !== null && ownGates.includes(gate)) return wait(turn, node, 'answered', turn.policy.staggerMs);
  const until = turn.now + Math.max(askAgainMs, turn.policy.backoffMs);
  return holdFor(turn, node, { gate: gate ?? 'unknown', message }, until);
}

function holdFor(
  turn: Turn,
  node: NodeState,
  held: { readonly gate: string; readonly message: string },
  until: number | null,
): Step {
  return hold(turn, node, { kind: 'held', holds: [{ ...held, forceable: false }], until, isOurs: false });
}

function afterFailure(turn: Turn, node: NodeState, { message, run }: RunEnded): Step {
  if (node.attempts >= turn.policy.maxAttempts) return exhaust(turn, node);
  const ms = backoffOf(turn, node);
  const again = `; again in ${Math.ceil(ms / 1000)} s (attempt ${node.attempts + 1} of ${turn.policy.maxAttempts})`;
  const text = `the rebuild of ${turn.name} failed: ${message}${again}`;
  return followedBy(wait(turn, node, 'backoff', ms), (waiting) => ({
    node: waiting,
    effects: [
      record(turn, 'fault.retry', { run, attempts: node.attempts, backoff_ms: ms }),
      { kind: 'alert', node: turn.name, text },
    ],
  }));
}

function counted(turn: Turn, node: NodeState): NodeState {
  return { ...node, attempts: node.attempts + 1, lastAttemptAt: turn.now };
}

function read(step: Step): Step {
  return { ...step, effects: [...step.effects, soon] };
}
