import { isAtWork } from './act-gates.ts';
import { isFailing, unmeasured } from './check-state.ts';
import { decidingChecks } from './deciding-checks.ts';
import type { Effect } from './events.ts';
import type { Course, NodeState } from './node-state.ts';
import { observersOf } from './observers.ts';
import { rendezvousOrder } from './rendezvous.ts';
import { nodePolicy, record, type Step, still, type Turn, withFault } from './turn.ts';

/*
 * The moves of a fault's course, and what they ask: each gives the node after it, and what is to be done.
 */

/** Whether a rebuild is wanted by present results, or by work that somebody left half done. */
export function wantsRebuild(turn: Turn, node: NodeState): boolean {
  if (node.fault?.isAbandoned === true) return true;
  const { checks } = nodePolicy(turn);
  return decidingChecks(turn, node).some((name) => {
    const check = checks[name];
    return check !== undefined && isFailing(node.checks[name] ?? unmeasured, check);
  });
}

/** This controller's own rebuild or restore of another node runs. */
export function isBuilding({ pool, name }: Turn): boolean {
  return Object.entries(pool.nodes).some(
    ([other, { fault }]) => other !== name && (fault?.course.kind === 'running' || fault?.course.kind === 'restoring'),
  );
}

/** How many candidates come before this controller: the observers of the node that it sees no fault of. */
export function rankOf({ name, pool, policy }: Turn, node: NodeState | undefined): number {
  const observers = observersOf(name, Object.keys(policy.nodes), (other) => isAtWork(pool.nodes[other]));
  const well = observers.filter((other) => pool.nodes[other]?.fault === null);
  const candidates = [...new Set([...well, policy.builder])];
  const key = `${name}/${node?.fault?.vm?.instanceUuid ?? ''}`;
  return rendezvousOrder(key, candidates).indexOf(policy.builder);
}

/** The wait after the last attempt, in milliseconds: doubled with each attempt after the first. */
export function backoffOf({ policy }: Turn, { attempts }: NodeState): number {
  return policy.backoffMs * 2 ** Math.max(0, Math.min(attempts, 20) - 1);
}

/** Asks vCenter and the others afresh; the gates are asked when both have answered. */
export function look(turn: Turn, node: NodeState): Step {
  return {
    ...on(node, { kind: 'looking', askedAt: turn.now, isRead: false, consultation: null, consultedAt: null }),
    effects: [{ kind: 'discover' }, consult(turn, node)],
  };
}

/** The question to the others. */
export function consult(turn: Turn, node: NodeState): Effect {
  return { kind: 'consult', node: turn.name, judged: node.fault?.vm ?? null, checks: decidingChecks(turn, node) };
}

/** Waits until vCenter can be read. */
export function awaitReading(turn: Turn, node: NodeState): Step {
  return { ...wait(turn, node, 'unreadable', turn.policy.staggerMs), effects: [{ kind: 'discover' }] };
}

/** Enters a hold. A person is told of each gate once a fault. */
export function hold(turn: Turn, node: NodeState, course: Extract<Course, { kind: 'held' }>): Step {
  const told = course.holds.map(({ gate }) => `gate:${gate}`);
  const news = told.filter((each) => node.fault?.acted.includes(each) !== true);
  const effects: Effect[] = [
    record(turn, 'gate.held', { holds: course.holds.map(({ gate, message }) => ({ gate, message })) }),
  ];
  const what = wantsRebuild(turn, node) ? 'rebuilt' : 'restored';
  const text = `${turn.name} is not ${what}: ${course.holds.map(({ message }) => message).join('; ')}`;
  if (news.length > 0) effects.push({ kind: 'alert', node: turn.name, text });
  return { node: withFault(node, { course, acted: [...(node.fault?.acted ?? []), ...news] }), effects };
}

/** So many attempts failed that a person is needed. */
export function exhaust(turn: Turn, node: NodeState): Step {
  const { name } = turn;
  const many = node.attempts === 0 ? 'the rebuilds of other controllers' : `${node.attempts} rebuilds`;
  const text = `${name} is given up after ${many}: see to it, then \`regrow resume ${name}\``;
  return {
    ...on(node, { kind: 'exhausted' }),
    effects: [record(turn, 'fault.exhausted', { attempts: node.attempts }), { kind: 'alert', node: name, text }],
  };
}

/** Waits for so long; what is wanted then is looked at afresh. */
export function wait(
  turn: Turn,
  node: NodeState,
  reason: Extract<Course, { kind: 'waiting' }>['reason'],
  ms: number,
): Step {
  return on(node, { kind: 'waiting', reason, until: turn.now + ms });
}

/** The node with its fault on another course. */
export function on(node: NodeState, course: Course): Step {
  return still(withFault(node, { course }));
}
