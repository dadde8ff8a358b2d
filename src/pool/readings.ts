import { afterGoodVerdict, closed } from './judge.ts';
import { isSameVm, type Fault, type NodeState, type ReadNode } from './node-state.ts';
import { followedBy, isLeftBehind, record, still, withFault, type Step, type Turn } from './turn.ts';

/** Who has not seen a node for so long cannot tell when it was rebuilt, in milliseconds. */
const newsMs = 10 * 60_000;

/** The node after a complete reading: its identity, and what others do about it. */
export function afterReading(turn: Turn, node: NodeState, read: ReadNode, begunAt: number): Step {
  const next: NodeState = { ...node, read, readAt: turn.now, seenAt: turn.now, readBegunAt: begunAt };
  // While the own rebuild runs, its end tells what became of the node.
  if (node.fault?.course.kind === 'running') return still(next);
  return followedBy(afterIdentity(turn, next, read, node.seenAt), (known) => afterAbandonment(turn, known, read));
}

/** Another certified VM ends whatever was concluded of the one before. `seenAt`: when the node was seen before; what became of it since then is not news of now. */
function afterIdentity(turn: Turn, node: NodeState, { found }: ReadNode, seenAt: number | null): Step {
  if (found.kind !== 'vm' || found.mark === 'building' || isSameVm(node.vm, found.vm)) return still(node);
  if (node.vm !== null && found.mark !== 'certified') return still(node);
  const fresh: NodeState = { ...node, vm: found.vm, checks: {}, warmUntil: turn.now + turn.policy.startupGraceMs };
  if (node.vm === null && node.fault === null) return still(fresh);
  const wasWatched = seenAt !== null && turn.now - seenAt < newsMs;
  const data = { vm: found.vm, by: found.by, ...(wasWatched ? {} : { unwatched: true }) };
  const replaced = { node: fresh, effects: [record(turn, 'node.replaced', data)] };
  return fresh.fault === null ? replaced : followedBy(replaced, (each) => closed(turn, each, 'replaced'));
}

/**
 * Half-done work that stood still for longer than D, or that is over, is a fault of its own. Not while a certified VM carries the name:
 * a claim harms nobody, and is ended by whoever rebuilds the node next.
 */
function afterAbandonment(turn: Turn, node: NodeState, read: ReadNode): Step {
  if (turn.name === turn.policy.self) return still(node);
  if (!isLeftBehind(turn, read)) {
    const isOver = node.fault?.isAbandoned === true;
    return isOver ? afterGoodVerdict(turn, withFault(node, { isAbandoned: false })) : still(node);
  }
  if (node.fault?.isAbandoned === true) return still(node);
  const { vm } = node;
  const fault: Fault = node.fault ?? {
    openedAt: turn.now,
    vm,
    acted: [],
    restores: {},
    isAbandoned: true,
    course: { kind: 'watching' },
    approval: null,
    decided: null,
  };
  const data = { abandoned_by: read.pending?.by ?? null, vm };
  return {
    node: { ...node, fault: { ...fault, isAbandoned: true } },
    effects: [record(turn, node.fault === null ? 'fault.opened' : 'fault.widened', data)],
  };
}
