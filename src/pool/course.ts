import { allGates, consultedGates, isAtWork, standingGates } from './act-gates.ts';
import { approvalText, isApproved, withoutSpentApproval } from './approval.ts';
import { isFailing, unmeasured } from './check-state.ts';
import type { Consultation } from './consultation.ts';
import type { Effect } from './events.ts';
import { holdsAgainst, type GateResult, type Hold } from './gates.ts';
import { unhealthyChecks } from './judge.ts';
import type { Course, Fault, NodeState } from './node-state.ts';
import { leadsToRebuild, modeOf, type Action } from './policy.ts';
import { observersOf } from './observers.ts';
import { caseOf } from './replay.ts';
import { rendezvousOrder } from './rendezvous.ts';
import { givenUp, isSpent, patienceMs, restoreDue } from './restores.ts';
import { isStale, nodePolicy, record, still, followedBy, withFault, type Step, type Turn } from './turn.ts';

/** What happened just now, as far as a fault's course depends on it. */
export type Occasion = 'read' | 'unreadable' | 'consulted' | 'other';

/** Does what is to be done about a node's fault now: its checks' actions, and the next move towards a rebuild. */
export function proceed(turn: Turn, node: NodeState, occasion: Occasion): Step {
  if (node.fault === null || turn.name === turn.policy.self) return still(node);
  const present = withoutSpentApproval(turn, node);
  return followedBy(takeActions(turn, present), (acted) => proceedRebuild(turn, acted, occasion));
}

/** The alert of each check and its action other than a rebuild, once while it stays unhealthy. What changes something asks the gates here. */
function takeActions(turn: Turn, node: NodeState): Step {
  const effects: Effect[] = [];
  const taken: string[] = [];
  for (const check of unhealthyChecks(turn, node)) {
    const policy = nodePolicy(turn).checks[check];
    const action = policy?.action;
    const isPresent = policy !== undefined && isFailing(node.checks[check] ?? unmeasured, policy);
    if (action === undefined || !isPresent || node.fault?.acted.includes(check) === true) continue;
    if (action.kind === 'restore' && !isSpent(node, check, action)) continue;
    if ((action.kind === 'exec' || action.kind === 'playbook') && isHeldHere(turn)) continue;
    taken.push(check);
    effects.push(...effectsOf(turn, node, check, action));
  }
  if (taken.length === 0) return still(node);
  return { node: withFault(node, { acted: [...(node.fault?.acted ?? []), ...taken] }), effects };
}

function effectsOf(turn: Turn, node: NodeState, check: string, action: Action): readonly Effect[] {
  const { name } = turn;
  switch (action.kind) {
    case 'rebuild':
    case 'alert':
      return [{ kind: 'alert', node: name, text: `check ${check} of ${name} has failed` }];
    case 'restore':
      return givenUp(turn, node, check, action);
    case 'exec':
    case 'playbook':
      return [
        record(turn, 'action.taken', { check, action: action.kind }),
        { kind: 'act', node: name, vm: node.vm, check, action },
      ];
  }
}

/** Pauses, modes, and whether this machine may act at all: what holds a rebuild for these reasons holds other actions, too. */
export function isHeldHere(turn: Turn): boolean {
  return holdsHere(turn).length > 0;
}

function holdsHere({ name, policy, pool }: Turn): readonly Hold[] {
  const { self, isTakenOut } = policy;
  const mode = modeOf(policy, name);
  const holds = holdsAgainst({ node: name, self, isTakenOut, pauses: pool.pauses, mode, byHand: false, force: [] });
  return holds.map((each) => ({ ...each, forceable: false }));
}

/** Whether a rebuild is wanted by present results, or by work that somebody left half done. */
function wantsRebuild(turn: Turn, node: NodeState): boolean {
  if (node.fault?.isAbandoned === true) return true;
  return Object.entries(nodePolicy(turn).checks).some(
    ([name, check]) =>
      leadsToRebuild(check.action) &&
      isSpent(node, name, check.action) &&
      isFailing(node.checks[name] ?? unmeasured, check),
  );
}

/** Begins what is wanted now; a rebuild goes before a restore. Otherwise the fault is watched. */
function begin(turn: Turn, node: NodeState): Step {
  if (wantsRebuild(turn, node)) return inTurn(turn, node);
  const isWatching = node.fault?.course.kind === 'watching';
  const due = restoreDue(turn, node);
  if (due.length === 0) return isWatching ? still(node) : on(node, { kind: 'watching' });
  // Whose turn has come goes on until its restores are spent.
  const rank = due.some((check) => node.fault?.restores[check] !== undefined) ? 0 : rankOf(turn, node);
  return rank > 0 ? wait(turn, node, 'restore', rank * patienceMs(turn, node)) : restore(turn, node);
}

/** Orders a restore, unless something here holds it or the slot is taken. */
function restore(turn: Turn, node: NodeState): Step {
  const { name } = turn;
  const holds = holdsHere(turn);
  if (holds.length > 0) return hold(turn, node, { kind: 'held', holds, until: null, isOurs: true });
  if (isBuilding(turn)) return wait(turn, node, 'restore', turn.policy.staggerMs);
  const checks = restoreDue(turn, node);
  return {
    ...on(node, { kind: 'restoring', run: null, checks }),
    effects: [{ kind: 'restore', node: name, vm: node.fault?.vm ?? null, checks }],
  };
}

function proceedRebuild(turn: Turn, node: NodeState, occasion: Occasion): Step {
  const { fault } = node;
  if (fault === null) return still(node);
  const { course } = fault;
  if (course.kind === 'running' || course.kind === 'restoring' || course.kind === 'exhausted') return still(node);
  const other = occupied(turn, node);
  // What a person or vCenter's state holds stays held, whoever works on the node meanwhile.
  const isHeldFast = course.kind === 'held' && !course.isOurs;
  if (other !== undefined && !isHeldFast) return proceedElsewhere(turn, node, other);
  switch (course.kind) {
    case 'watching':
      return begin(turn, node);
    case 'elsewhere':
      if (occasion === 'read') return begin(turn, node);
      return turn.now < course.until ? still(node) : look(turn, node);
    case 'waiting':
      if (course.reason === 'unreadable') return proceedUnreadable(turn, node, course.until);
      if (course.reason === 'restore') return proceedToRestore(turn, node, course.until);
      if (turn.now < course.until) return still(node);
      return wantsRebuild(turn, node) ? look(turn, node) : begin(turn, node);
    case 'looking':
      return proceedLooking(turn, node, course, occasion);
    case 'held':
      return proceedHeld(turn, node, fault, course);
  }
}

/** A rebuild does not wait for the turn of a restore. */
function proceedToRestore(turn: Turn, node: NodeState, until: number): Step {
  if (wantsRebuild(turn, node) || restoreDue(turn, node).length === 0) return begin(turn, node);
  return turn.now < until ? still(node) : restore(turn, node);
}

/**
 * Somebody else's claim or half-built VM, as long as it is not to be taken over. What this controller's own failed attempt left is
 * ended by its next one. The name alone does not tell: a node that was rebuilt has the name of its predecessor, and not its runs.
 */
function occupied(turn: Turn, node: NodeState): { readonly by: string | null } | undefined {
  const pending = node.read?.pending ?? null;
  if (pending === null || isStale(turn, pending)) return undefined;
  return pending.by === turn.policy.builder && node.attempts > 0 ? undefined : pending;
}

function proceedElsewhere(turn: Turn, node: NodeState, { by }: { readonly by: string | null }): Step {
  const course = node.fault?.course;
  const until = turn.now + turn.policy.staggerMs;
  if (course?.kind !== 'elsewhere') return on(node, { kind: 'elsewhere', by, until });
  if (turn.now < course.until) return by === course.by ? still(node) : on(node, { ...course, by });
  return { ...on(node, { kind: 'elsewhere', by, until }), effects: [{ kind: 'discover' }] };
}

/** A look that takes longer than this is given up, in milliseconds: a reading has a deadline of two minutes. */
export const lookWithinMs = 150_000;
/** What was gathered longer ago than this, while vCenter was slow, is gathered again, in milliseconds. */
const consultationFreshMs = 15_000;

/** Both the reading and what others say have to be there; then the gates are asked. */
function proceedLooking(
  turn: Turn,
  node: NodeState,
  course: Extract<Course, { kind: 'looking' }>,
  occasion: Occasion,
): Step {
  if (occasion === 'unreadable') return awaitReading(turn, node);
  // The node was left out of the readings, or the others never answered: what they do about it cannot be told.
  if (turn.now >= course.askedAt + lookWithinMs) return awaitReading(turn, node);
  if (!wantsRebuild(turn, node)) return occasion === 'other' ? still(node) : on(node, { kind: 'watching' });
  const isRead = course.isRead || (occasion === 'read' && (node.readBegunAt ?? -Infinity) >= course.askedAt);
  if (isRead && course.consultation !== null) {
    if (turn.now - (course.consultedAt ?? -Infinity) <= consultationFreshMs)
      return start(turn, node, course.consultation);
    const again = on(node, { ...course, isRead, consultation: null, consultedAt: null });
    return { ...again, effects: [consult(turn, node)] };
  }
  return isRead === course.isRead ? still(node) : on(node, { ...course, isRead });
}

/** The node after the others were asked. An answer that nobody waits for any more is dropped. */
export function afterConsultation({ now }: Turn, node: NodeState, consultation: Consultation): Step {
  const course = node.fault?.course;
  return course?.kind === 'looking' ? on(node, { ...course, consultation, consultedAt: now }) : still(node);
}

/**
 * Gates that need no asking are asked again at every event. The others are asked afresh when their time is over, with a fresh look.
 */
function proceedHeld(turn: Turn, node: NodeState, fault: Fault, course: Extract<Course, { kind: 'held' }>): Step {
  if (!wantsRebuild(turn, node) && course.until !== null && turn.now >= course.until)
    return on(node, { kind: 'watching' });
  const isDue = course.until !== null && turn.now >= course.until;
  if (!course.isOurs) return isDue ? look(turn, node) : still(node);
  const isRestore = !wantsRebuild(turn, node) && restoreDue(turn, node).length > 0;
  const holds = isRestore ? holdsHere(turn) : holdsOf(standingGates(turn, node));
  if (holds.length === 0 && (isDue || course.until === null)) return begin(turn, node);
  if (holds.length === 0 || JSON.stringify(holds) === JSON.stringify(course.holds)) return still(node);
  return still(withFault({ ...node, fault }, { course: { ...course, holds } }));
}

/**
 * The candidates act one after the other; this controller waits for those before it. Each looks and asks before it acts. Whom a
 * person has chosen waits for nobody.
 */
function inTurn(turn: Turn, node: NodeState): Step {
  const rank = isApproved(turn, node) ? 0 : rankOf(turn, node);
  if (rank > 0) return wait(turn, node, 'turn', rank * turn.policy.staggerMs);
  return turn.pool.isReadable ? look(turn, node) : awaitReading(turn, node);
}

function awaitReading(turn: Turn, node: NodeState): Step {
  return { ...wait(turn, node, 'unreadable', turn.policy.staggerMs), effects: [{ kind: 'discover' }] };
}

/** All controllers see at the same time that vCenter is back, so the turns begin anew. */
function proceedUnreadable(turn: Turn, node: NodeState, until: number): Step {
  if (turn.pool.isReadable) return begin(turn, node);
  return turn.now < until ? still(node) : awaitReading(turn, node);
}

/** How many candidates come before this controller: the observers of the node that it sees no fault of. */
export function rankOf({ name, pool, policy }: Turn, node: NodeState | undefined): number {
  const observers = observersOf(name, Object.keys(policy.nodes), (other) => isAtWork(pool.nodes[other]));
  const well = observers.filter((other) => pool.nodes[other]?.fault === null);
  const candidates = [...new Set([...well, policy.builder])];
  const key = `${name}/${node?.fault?.vm?.instanceUuid ?? ''}`;
  return rendezvousOrder(key, candidates).indexOf(policy.builder);
}

function start(turn: Turn, before: NodeState, consultation: Consultation): Step {
  const { policy, name } = turn;
  const gates = allGates({ turn, node: before, consultation });
  const holds = holdsOf(gates);
  const node = withFault(before, { decided: { at: turn.now, gates } });
  const decision = record(turn, 'decision', {
    vm: node.fault?.vm ?? null,
    acts: holds.length === 0,
    gates,
    case: caseOf({ node: name, now: turn.now, state: before, pool: turn.pool, consultation }),
  });
  const isOnlyUnapproved = holds.length > 0 && holds.every(({ gate }) => gate === 'approval');
  if (holds.length > 0 && !isOnlyUnapproved) {
    const needsAsking = holds.some(({ gate }) => consultedGates.includes(gate));
    const until = needsAsking ? turn.now + policy.staggerMs : null;
    return heldAgain(before, hold(turn, node, { kind: 'held', holds, until, isOurs: true }), decision);
  }
  if (node.attempts >= policy.maxAttempts) return exhaust(turn, node);
  const restsUntil = (node.lastAttemptAt ?? -Infinity) + backoffOf(turn, node);
  if (node.attempts > 0 && turn.now < restsUntil)
    return on(node, { kind: 'waiting', reason: 'backoff', until: restsUntil });
  if (isBuilding(turn)) return wait(turn, node, 'busy', policy.staggerMs);
  if (isOnlyUnapproved) return askPerson(turn, before, node, decision);
  const order = { node: name, judged: node.fault?.vm ?? null, attempt: node.attempts + 1 };
  return {
    ...on(node, { kind: 'running', run: null }),
    effects: [decision, { kind: 'rebuild', ...order, approved: approvedRun(node) }],
  };
}

/** The same gates again are no news. */
function heldAgain(before: NodeState, held: Step, decision: Effect): Step {
  const isNews =
    gateNames(held.node.fault?.course.kind === 'held' ? held.node.fault.course.holds : []) !==
    gateNames(holdsOf(before.fault?.decided?.gates ?? []));
  return { ...held, effects: isNews ? [decision, ...held.effects] : [] };
}

/** Nothing but a person's word is missing: he is asked once, and the node is held until he has answered. */
function askPerson(turn: Turn, before: NodeState, node: NodeState, decision: Effect): Step {
  if (node.fault === null) return still(node);
  const judged = node.fault.vm;
  const until = turn.now + turn.policy.approvalExpiresMs;
  const question = { vm: judged, run: null, answer: 'awaited', by: null, reason: '', until } as const;
  const asking = withFault(node, { approval: node.fault.approval ?? question });
  const unapproved: Hold = { gate: 'approval', message: approvalText(turn, asking), forceable: false };
  const course = { kind: 'held', holds: [unapproved], until: null, isOurs: true } as const;
  if (node.fault.approval !== null) return heldAgain(before, hold(turn, asking, course), decision);
  return {
    // The question is told by itself.
    node: withFault(asking, { course, acted: [...node.fault.acted, 'gate:approval'] }),
    effects: [decision, { kind: 'ask', node: turn.name, judged, attempt: node.attempts + 1 }],
  };
}

function approvedRun({ fault }: NodeState): { readonly run: string; readonly by: string } | null {
  const { run = null, answer, by = null } = fault?.approval ?? {};
  return run !== null && by !== null && answer === 'given' ? { run, by } : null;
}

function gateNames(holds: readonly Hold[]): string {
  return holds.map(({ gate }) => gate).join();
}

function holdsOf(gates: readonly GateResult[]): readonly Hold[] {
  return gates.filter(({ holds }) => holds).map(({ gate, message }) => ({ gate, message, forceable: false }));
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

/** This controller's own rebuild or restore of another node runs. */
function isBuilding({ pool, name }: Turn): boolean {
  return Object.entries(pool.nodes).some(
    ([other, { fault }]) => other !== name && (fault?.course.kind === 'running' || fault?.course.kind === 'restoring'),
  );
}

/** The wait after the last attempt, in milliseconds: doubled with each attempt after the first. */
export function backoffOf({ policy }: Turn, { attempts }: NodeState): number {
  return policy.backoffMs * 2 ** Math.max(0, Math.min(attempts, 20) - 1);
}

function look(turn: Turn, node: NodeState): Step {
  return {
    ...on(node, { kind: 'looking', askedAt: turn.now, isRead: false, consultation: null, consultedAt: null }),
    effects: [{ kind: 'discover' }, consult(turn, node)],
  };
}

function consult({ name }: Turn, { fault }: NodeState): Effect {
  return { kind: 'consult', node: name, judged: fault?.vm ?? null };
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
