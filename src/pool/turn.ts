import type { Effect } from './events.ts';
import type { Fault, NodeState, Pending, PoolState, ReadNode } from './node-state.ts';
import type { NodePolicy, PoolPolicy } from './policy.ts';

/** Where a decision about one node is made: what is known, what holds, and when (monotonic milliseconds). */
export interface Turn {
  readonly name: string;
  readonly pool: PoolState;
  readonly policy: PoolPolicy;
  readonly now: number;
}

/** The node after a part of a decision, and what is to be done. */
export interface Step {
  readonly node: NodeState;
  readonly effects: readonly Effect[];
}

/** A step in which nothing is to be done. */
export function still(node: NodeState): Step {
  return { node, effects: [] };
}

/** A step, and another one that goes on from it. */
export function followedBy(first: Step, next: (node: NodeState) => Step): Step {
  const second = next(first.node);
  return { node: second.node, effects: [...first.effects, ...second.effects] };
}

/** The node with its fault changed; unchanged without one. */
export function withFault(node: NodeState, change: Partial<Fault>): NodeState {
  return node.fault === null ? node : { ...node, fault: { ...node.fault, ...change } };
}

/** The policy of the turn's node. A node that is not of the pool has no checks. */
export function nodePolicy({ policy, name }: Turn): NodePolicy {
  return policy.nodes[name] ?? { checks: {} };
}

/** A record about the turn's node. */
export function record({ name }: Turn, type: string, data: Readonly<Record<string, unknown>> = {}): Effect {
  return { kind: 'record', node: name, type, data };
}

/** Whether what vCenter said of the node is of the present. */
export function isFresh({ policy, now }: Turn, node: NodeState): boolean {
  return node.readAt !== null && now - node.readAt <= policy.readingFreshMs;
}

/** Whether half-done work stood still for so long that it may be taken over. */
export function isStale({ policy, now }: Omit<Turn, 'name'>, { sinceMs, isOver }: Pending): boolean {
  return now - sinceMs > (isOver ? policy.staggerMs : policy.takeoverMs);
}

/** Half-done work that stands still, with no certified VM under the name: there is something to take over. */
export function isLeftBehind(turn: Turn, { found, pending }: ReadNode): boolean {
  const isCertified = found.kind === 'vm' && found.mark === 'certified';
  return pending !== null && !isCertified && isStale(turn, pending);
}
