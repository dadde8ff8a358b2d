import type { Vote } from './consultation.ts';
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

/**
 * The votes, where one by nothing but checks that are to be restored first is none for a rebuild: it speaks of a service, and not of what
 * this controller has found. Work that was left behind is past that.
 */
export function votesForRebuild(turn: Turn, node: NodeState, votes: readonly Vote[]): readonly Vote[] {
  if (node.fault?.isAbandoned === true) return votes;
  const known = Object.keys(nodePolicy(turn).checks);
  const deciding = decidingChecks(turn, node);
  const isRestoredFirst = (check: string): boolean => known.includes(check) && !deciding.includes(check);
  return votes.map((vote) =>
    vote.answer === 'unhealthy' && vote.failing?.every(isRestoredFirst) === true
      ? { ...vote, answer: 'unknown' }
      : vote,
  );
}
