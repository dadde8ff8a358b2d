import { standingGates } from './act-gates.ts';
import { isApproved, withoutSpentApproval } from './approval.ts';
import { holdsOf, start } from './begin-rebuild.ts';
import { holdsHere, takeActions } from './check-actions.ts';
import type { Consultation } from './consultation.ts';
import { awaitReading, consult, hold, isBuilding, look, on, rankOf, wait, wantsRebuild } from './moves.ts';
import type { Course, Fault, NodeState } from './node-state.ts';
import { patienceMs, restoreDue } from './restores.ts';
import { followedBy, isStale, type Step, still, type Turn, withFault } from './turn.ts';

/** What happened just now, as far as a fault's course depends on it. */
export type Occasion = 'read' | 'unreadable' | 'consulted' | 'other';

/** Does what is to be done about a node's fault now: its checks' actions, and the next move towards a rebuild. */
export function proceed(turn: Turn, node: NodeState, occasion: Occasion): Step {
  if (node.fault === null || turn.name === turn.policy.self) return still(node);
  const present = withoutSpentApproval(turn, node);
  return followedBy(takeActions(turn, present), (acted) => proceedRebuild(turn, acted, occasion));
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

/** All controllers see at the same time that vCenter is back, so the turns begin anew. */
function proceedUnreadable(turn: Turn, node: NodeState, until: number): Step {
  if (turn.pool.isReadable) return begin(turn, node);
  return turn.now < until ? still(node) : awaitReading(turn, node);
}
