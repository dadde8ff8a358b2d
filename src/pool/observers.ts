import { isRendezvousFirst, rendezvousFirst } from './rendezvous.ts';

/** Up to this many nodes everybody observes everybody: few observers prove little, and the cost is small. */
export const fullMeshUpTo = 10;
/** Above that each node is observed by so many, so that the cost of a node does not grow with the pool. */
export const observersAbove = 5;

/** Whether everybody observes everybody. */
export function isFullMesh(nodes: readonly string[]): boolean {
  return nodes.length <= fullMeshUpTo;
}

/**
 * The nodes that observe a node, the same for every controller that sees the same nodes alive. `alive`: nodes that vCenter shows at
 * work; a dead observer's place goes to the next one in the order, and all others keep theirs.
 */
export function observersOf(
  node: string,
  nodes: readonly string[],
  isAlive: (name: string) => boolean,
): readonly string[] {
  if (isFullMesh(nodes)) return nodes.filter((name) => name !== node);
  return rendezvousFirst(node, nodes, observersAbove, (name) => name !== node && isAlive(name));
}

/** Whether a node is one of the observers of another. */
export function isObserverOf(
  observer: string,
  node: string,
  nodes: readonly string[],
  isAlive: (name: string) => boolean,
): boolean {
  if (observer === node) return false;
  if (isFullMesh(nodes)) return nodes.includes(observer);
  return isRendezvousFirst(observer, node, nodes, observersAbove, (name) => name !== node && isAlive(name));
}
