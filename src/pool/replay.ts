import { allGates, type HandOrder } from './act-gates.ts';
import type { Consultation } from './consultation.ts';
import type { GateResult } from './gates.ts';
import type { NodeState, PoolState } from './node-state.ts';
import type { PoolPolicy } from './policy.ts';

/** All that a decision rested on, as it is recorded with it. Times are the monotonic milliseconds of that moment. */
export interface DecisionCase {
  readonly node: string;
  readonly now: number;
  readonly state: NodeState;
  readonly pool: PoolState;
  readonly consultation: Consultation;
  /** What a person who ordered it by hand overrode. */
  readonly order?: HandOrder | undefined;
}

/** The same moment under another policy. */
export interface Replayed {
  readonly node: string;
  readonly acts: boolean;
  readonly gates: readonly GateResult[];
}

/** What the gates would have said by that policy. Pure: the very code that decides. */
export function replay(given: DecisionCase, policy: PoolPolicy): Replayed {
  const { node, now, state, pool, consultation, order } = given;
  const gates = allGates({ turn: { name: node, pool, policy, now }, node: state, consultation, order });
  return { node, acts: gates.every(({ holds }) => !holds), gates };
}

/**
 * The case of a decision, with no more of the pool than gates look at: nodes of which there is something to say. In a pool of more
 * than ten, who observes whom is therefore not replayed.
 */
export function caseOf(given: DecisionCase): DecisionCase {
  const { nodes } = given.pool;
  const spoken = Object.entries(nodes).filter(
    ([name, { fault, read }]) =>
      name === given.node ||
      fault !== null ||
      (read?.pending ?? null) !== null ||
      read?.found.kind !== 'vm' ||
      read.found.mark !== 'certified',
  );
  return {
    ...given,
    state: undecided(given.state),
    pool: { ...given.pool, nodes: Object.fromEntries(spoken.map(([name, node]) => [name, undecided(node)])) },
  };
}

/** Earlier decisions are recorded by themselves. */
function undecided(node: NodeState): NodeState {
  return node.fault === null ? node : { ...node, fault: { ...node.fault, decided: null } };
}
