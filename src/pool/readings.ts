import { afterGoodVerdict, closed } from './judge.ts';
import { isSameVm, type Fault, type NodeState, type ReadNode } from './node-state.ts';
import { followedBy, isStale, record, still, withFault, type Step, type Turn } from './turn.ts';

/** The node after a complete reading: its identity, and what others do about it. */
export function afterReading(turn: Turn, node: NodeState, read: ReadNode): Step {
  const next: NodeState = { ...node, read, readAt: turn.now };
  // While the own rebuild runs, its end tells what became of the node.
  if (node.fault?.course.kind === 'running') return still(next);
  return followedBy(afterIdentity(turn, next, read), (known) => afterAbandonment(turn, known, read));
}

/** Another certified VM ends whatever was concluded of the one before. */
function afterIdentity(turn: Turn, node: NodeState, { found }: ReadNode): Step {
  if (found.kind !== 'vm' || found.mark === 'building' || isSameVm(node.vm, found.vm)) return still(node);
  if (node.vm !== null && found.mark !== 'certified') return still(node);
  const isFirst = node.vm === null && node.fault === null;
  const fresh: NodeState = {
    ...node,
    vm: found.vm,
    checks: {},
    warmUntil: isFirst ? node.warmUntil : turn.now + turn.policy.startupGraceMs,
  };
  if (isFirst) return still(fresh);
  const replaced = { node: fresh, effects: [record(turn, 'node.replaced', { vm: found.vm, by: found.by })] };
  return fresh.fault === null ? replaced : followedBy(replaced, (each) => closed(turn, each, 'replaced'));
}

/** Half-done work that stood still for longer than D is a fault of its own. */
function afterAbandonment(turn: Turn, node: NodeState, { pending }: ReadNode): Step {
  if (turn.name === turn.policy.self) return still(node);
  if (pending === null && node.fault?.isAbandoned === true)
    return afterGoodVerdict(turn, withFault(node, { isAbandoned: false }));
  if (pending === null || !isStale(turn, pending.sinceMs) || node.fault?.isAbandoned === true) return still(node);
  const { vm } = node;
  const fault: Fault = node.fault ?? {
    openedAt: turn.now,
    vm,
    acted: [],
    isAbandoned: true,
    course: { kind: 'watching' },
  };
  return {
    node: { ...node, fault: { ...fault, isAbandoned: true } },
    effects: [record(turn, node.fault === null ? 'fault.opened' : 'fault.widened', { abandoned_by: pending.by, vm })],
  };
}
