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
  // What a person or vCenter's state holds stays held, whoever works on the node meanwhile.
  const isHeldFast = course.kind === 'held' && !course.isOurs;
  if (other !== undefined && !isHeldFast) return proceedElsewhere(turn, node, other);
  switch (course.kind) {
    case 'watching':
      return wantsRebuild(turn, node) ? inTurn(turn, node) : still(node);
    case 'elsewhere':
      if (occasion === 'read') return wantsRebuild(turn, node) ? inTurn(turn, node) : on(node, { kind: 'watching' });
      return turn.now < course.until ? still(node) : look(turn, node);
    case 'waiting':
      if (course.reason === 'unreadable') return proceedUnreadable(turn, node, course.until);
      if (turn.now < course.until) return still(node);
      return wantsRebuild(turn, node) ? look(turn, node) : on(node, { kind: 'watching' });
    case 'looking':
      if (occasion === 'read') return wantsRebuild(turn, node) ? start(turn, node) : on(node, { kind: 'watching' });
      return occasion === 'unreadable' ? awaitReading(turn, node) : still(node);
    case 'held':
      return proceedHeld(turn, node, fault, course);
  }
}

/**
 * Somebody else's claim or half-built VM, as long as it is not to be taken over. What this controller's own failed attempt left is
 * ended by its next one. The name alone does not tell: a node that was rebuilt has the name of its predecessor, and not its runs.
 */
function occupied(turn: Turn, node: NodeState): { readonly by: string | null } | undefined {
  const pending = node.read?.pending ?? null;
  if (pending === null || isStale(turn, pending.sinceMs)) return undefined;
  return pending.by === turn.policy.builder && node.attempts > 0 ? undefined : pending;
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
  if (holds.length === 0) return wantsRebuild(turn, node) ? inTurn(turn, node) : on(node, { kind: 'watching' });
  const isSame = JSON.stringify(holds) === JSON.stringify(course.holds);
  return still(isSame ? node : withFault({ ...node, fault }, { course: { ...course, holds } }));
}

/**
 * The candidates act one after the other; this controller waits for those before it. The first one starts at once, since the rebuild
 * looks for itself; not while vCenter cannot be read.
 */
function inTurn(turn: Turn, node: NodeState): Step {
  const rank = rankOf(turn, node);
  if (rank > 0) return wait(turn, node, 'turn', rank * turn.policy.staggerMs);
  return turn.pool.isReadable ? start(turn, node) : awaitReading(turn, node);
}

function awaitReading(turn: Turn, node: NodeState): Step {
  return { ...wait(turn, node, 'unreadable', turn.policy.staggerMs), effects: [{ kind: 'discover' }] };
}

/** All controllers see at the same time that vCenter is back, so the turns begin anew. */
function proceedUnreadable(turn: Turn, node: NodeState, until: number): Step {
  if (turn.pool.isReadable) return wantsRebuild(turn, node) ? inTurn(turn, node) : on(node, { kind: 'watching' });
  return turn.now < until ? still(node) : awaitReading(turn, node);
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
  const restsUntil = (node.lastAttemptAt ?? -Infinity) + backoffOf(turn, node);
  if (node.attempts > 0 && turn.now < restsUntil)
    return on(node, { kind: 'waiting', reason: 'backoff', until: restsUntil });
  if (isBuilding(turn)) return wait(turn, node, 'busy', policy.staggerMs);
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

/** This controller's own rebuild of another node runs. */
function isBuilding({ pool, name }: Turn): boolean {
  return Object.entries(pool.nodes).some(([other, { fault }]) => other !== name && fault?.course.kind === 'running');
}

/** The wait after the last attempt, in milliseconds: doubled with each attempt after the first. */
export function backoffOf({ policy }: Turn, { attempts }: NodeState): number {
  return policy.backoffMs * 2 ** Math.max(0, Math.min(attempts, 20) - 1);
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
