import { isFailing, unmeasured } from './check-state.ts';
import type { Effect } from './events.ts';
import { holdsAgainst, type Hold } from './gates.ts';
import { unhealthyChecks } from './judge.ts';
import type { Course, Fault, NodeState } from './node-state.ts';
import type { Action } from './policy.ts';
import { rendezvousOrder } from './rendezvous.ts';
import { isStale, nodePolicy, record, still, followedBy, withFault, type Step, type Turn } from './turn.ts';

/** What happened just now, as far as a fault's course depends on it. */
export type Occasion = 'read' | 'unreadable' | 'other';

/** Does what is to be done about a node's fault now: its checks' actions, and the next move towards a rebuild. */
export function proceed(turn: Turn, node: NodeState, occasion: Occasion): Step {
  if (node.fault === null || turn.name === turn.policy.self) return still(node);
  return followedBy(takeActions(turn, node), (acted) => proceedRebuild(turn, acted, occasion));
}

/** Actions other than a rebuild, once each while the check stays unhealthy. A pause holds what changes something. */
function takeActions(turn: Turn, node: NodeState): Step {
  const effects: Effect[] = [];
  const taken: string[] = [];
  for (const check of unhealthyChecks(turn, node)) {
    const action = nodePolicy(turn).checks[check]?.action;
    if (action === undefined || node.fault?.acted.includes(check) === true) continue;
    if (action.kind !== 'alert' && action.kind !== 'rebuild' && pausesOf(turn).length > 0) continue;
    taken.push(check);
    effects.push(...effectsOf(turn, check, action));
  }
  if (taken.length === 0) return still(node);
  return { node: withFault(node, { acted: [...(node.fault?.acted ?? []), ...taken] }), effects };
}

function effectsOf(turn: Turn, check: string, action: Action): readonly Effect[] {
  const { name } = turn;
  switch (action.kind) {
    case 'rebuild':
    case 'alert':
      return [{ kind: 'alert', node: name, text: `check ${check} of ${name} has failed` }];
    case 'restore':
    case 'exec':
    case 'playbook':
      return [record(turn, 'action.taken', { check, action: action.kind }), { kind: 'act', node: name, check, action }];
  }
}

function pausesOf({ pool, name }: Turn): readonly unknown[] {
  return pool.pauses.filter(({ scope }) => scope === 'pool' || scope === `node/${name}`);
}

/** Whether a rebuild is wanted by present results, or by work that somebody left half done. */
function wantsRebuild(turn: Turn, node: NodeState): boolean {
  if (node.fault?.isAbandoned === true) return true;
  return Object.entries(nodePolicy(turn).checks).some(
    ([name, check]) => check.action.kind === 'rebuild' && isFailing(node.checks[name] ?? unmeasured, check),
  );
}

function proceedRebuild(turn: Turn, node: NodeState, occasion: Occasion): Step {
  const { fault } = node;
  if (fault === null) return still(node);
  const { course } = fault;
  if (course.kind === 'running' || course.kind === 'exhausted') return still(node);
  const other = occupied(turn, node);
  if (other !== undefined) return proceedElsewhere(turn, node, other);
  switch (course.kind) {
    case 'watching':
      return wantsRebuild(turn, node) ? inTurn(turn, node) : still(node);
    case 'elsewhere':
      if (occasion === 'read') return inTurn(turn, node);
      return turn.now < course.until ? still(node) : look(turn, node);
    case 'waiting':
      if (turn.now < course.until) return still(node);
      return wantsRebuild(turn, node) ? look(turn, node) : on(node, { kind: 'watching' });
    case 'looking':
      if (occasion === 'read') return wantsRebuild(turn, node) ? start(turn, node) : on(node, { kind: 'watching' });
      return occasion === 'unreadable' ? wait(turn, node, 'unreadable', turn.policy.staggerMs) : still(node);
    case 'held':
      return proceedHeld(turn, node, fault, course);
  }
}

/** Somebody else's claim or half-built VM, as long as it is not to be taken over. */
function occupied(turn: Turn, node: NodeState): { readonly by: string | null } | undefined {
  const pending = node.read?.pending ?? null;
  return pending === null || isStale(turn, pending.sinceMs) ? undefined : pending;
}

function proceedElsewhere(turn: Turn, node: NodeState, { by }: { readonly by: string | null }): Step {
  const course = node.fault?.course;
  const until = turn.now + turn.policy.staggerMs;
  if (course?.kind !== 'elsewhere') return on(node, { kind: 'elsewhere', by, until });
  if (turn.now < course.until) return by === course.by ? still(node) : on(node, { ...course, by });
  return { ...on(node, { kind: 'elsewhere', by, until }), effects: [{ kind: 'discover' }] };
}

/** Gates of this controller are asked again at once, those that vCenter's state closed when their time is over. */
function proceedHeld(turn: Turn, node: NodeState, fault: Fault, course: Extract<Course, { kind: 'held' }>): Step {
  if (!wantsRebuild(turn, node) && course.until !== null && turn.now >= course.until)
    return on(node, { kind: 'watching' });
  if (!course.isOurs) return course.until !== null && turn.now >= course.until ? look(turn, node) : still(node);
  const holds = gatesHere(turn);
  if (holds.length === 0) return look(turn, node);
  const isSame = JSON.stringify(holds) === JSON.stringify(course.holds);
  return still(isSame ? node : withFault({ ...node, fault }, { course: { ...course, holds } }));
}

/** The candidates act one after the other; this controller waits for those before it. */
function inTurn(turn: Turn, node: NodeState): Step {
  const rank = rankOf(turn, node);
  return rank === 0 ? start(turn, node) : wait(turn, node, 'turn', rank * turn.policy.staggerMs);
}

/** How many candidates come before this controller: the nodes that it sees no fault of. */
function rankOf({ name, pool, policy }: Turn, node: NodeState): number {
  const well = Object.entries(pool.nodes).filter(([other, { fault }]) => other !== name && fault === null);
  const candidates = [...new Set([...well.map(([other]) => other), policy.builder])];
  const key = `${name}/${node.fault?.vm?.instanceUuid ?? ''}`;
  return rendezvousOrder(key, candidates).indexOf(policy.builder);
}

function start(turn: Turn, node: NodeState): Step {
  const { policy, name } = turn;
  const holds = gatesHere(turn);
  if (holds.length > 0) return hold(turn, node, { kind: 'held', holds, until: null, isOurs: true });
  if (node.attempts >= policy.maxAttempts) return exhaust(turn, node);
  const judged = node.fault?.vm ?? null;
  return {
    ...on(node, { kind: 'running', run: null }),
    effects: [{ kind: 'rebuild', node: name, judged, attempt: node.attempts + 1 }],
  };
}

function gatesHere({ name, policy, pool }: Turn): readonly Hold[] {
  return holdsAgainst({
    node: name,
    self: policy.self,
    isTakenOut: policy.isTakenOut,
    pauses: pool.pauses,
    mode: policy.mode,
    byHand: false,
    force: [],
  });
}

/** Enters a hold. A person is told of each gate once a fault. */
export function hold(turn: Turn, node: NodeState, course: Extract<Course, { kind: 'held' }>): Step {
  const told = course.holds.map(({ gate }) => `gate:${gate}`);
  const news = told.filter((each) => node.fault?.acted.includes(each) !== true);
  const effects: Effect[] = [
    record(turn, 'gate.held', { holds: course.holds.map(({ gate, message }) => ({ gate, message })) }),
  ];
  const text = `${turn.name} is not rebuilt: ${course.holds.map(({ message }) => message).join('; ')}`;
  if (news.length > 0) effects.push({ kind: 'alert', node: turn.name, text });
  return { node: withFault(node, { course, acted: [...(node.fault?.acted ?? []), ...news] }), effects };
}

/** So many attempts failed that a person is needed. */
export function exhaust(turn: Turn, node: NodeState): Step {
  const { name } = turn;
  const text = `${name} is given up after ${node.attempts} rebuilds: see to it, then \`regrow resume ${name}\``;
  return {
    ...on(node, { kind: 'exhausted' }),
    effects: [record(turn, 'fault.exhausted', { attempts: node.attempts }), { kind: 'alert', node: name, text }],
  };
}

function look(turn: Turn, node: NodeState): Step {
  return { ...on(node, { kind: 'looking' }), effects: [{ kind: 'discover' }] };
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

function on(node: NodeState, course: Course): Step {
  return still(withFault(node, { course }));
}
