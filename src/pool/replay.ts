import { isAtWork, type HandOrder } from './act-gates.ts';
import type { Consultation } from './consultation.ts';
import type { GateResult } from './gates.ts';
import { blankNode, type NodeState, type PoolState } from './node-state.ts';
import type { PoolPolicy } from './policy.ts';
import { orderGates } from './restraints.ts';

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

/** What the gates would have said by that policy. Pure: the very code that decides. A node that was not recorded was at work. */
export function replay(given: DecisionCase, policy: PoolPolicy): Replayed {
  const { node, now, state, consultation, order } = given;
  const well = Object.keys(policy.nodes).map((name) => [name, atWork(policy, now)] as const);
  const pool = { ...given.pool, nodes: { ...Object.fromEntries(well), ...given.pool.nodes } };
  const gates = orderGates({ turn: { name: node, pool, policy, now }, node: state, consultation, order });
  return { node, acts: gates.every(({ holds }) => !holds), gates };
}

/** The case of a decision, with no more of the pool than there is something to say of: the others are at work. */
export function caseOf(given: DecisionCase): DecisionCase {
  const spoken = Object.entries(given.pool.nodes).filter(
    ([name, node]) =>
      name === given.node || node.fault !== null || (node.read?.pending ?? null) !== null || !isAtWork(node),
  );
  return {
    ...given,
    state: undecided(given.state),
    pool: { ...given.pool, nodes: Object.fromEntries(spoken.map(([name, node]) => [name, undecided(node)])) },
  };
}

function atWork(policy: PoolPolicy, now: number): NodeState {
  const vm = { moid: '', instanceUuid: '' };
  const seen = { kind: 'vm', vm, mark: 'certified', by: '', power: 'on', connection: 'connected' } as const;
  return { ...blankNode(policy, now), read: { found: { ...seen, heartbeat: null }, pending: null } };
}

/** Earlier decisions are recorded by themselves. */
function undecided(node: NodeState): NodeState {
  return node.fault === null ? node : { ...node, fault: { ...node.fault, decided: null } };
}
