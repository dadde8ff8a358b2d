import type { NodeState } from './node-state.ts';
import { leadsToRebuild } from './policy.ts';
import { isSpent } from './restores.ts';
import { nodePolicy, type Turn } from './turn.ts';

/**
 * The checks that a rebuild of the node may rest on now, by name: those that lead to one, but for what is to be restored first, which
 * speaks of a service and not of the node. Work that was left behind may rest on all that lead to one.
 */
export function decidingChecks(turn: Turn, node: NodeState): readonly string[] {
  return Object.entries(nodePolicy(turn).checks).flatMap(([name, { action }]) =>
    leadsToRebuild(action) && (node.fault?.isAbandoned === true || isSpent(node, name, action)) ? [name] : [],
  );
}
