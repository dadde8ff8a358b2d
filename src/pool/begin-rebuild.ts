import { allGates, consultedGates } from './act-gates.ts';
import { approvalText, asking } from './approval.ts';
import type { Consultation } from './consultation.ts';
import { decidingChecks } from './deciding-checks.ts';
import type { Effect } from './events.ts';
import type { GateResult, Hold } from './gates.ts';
import { backoffOf, exhaust, hold, isBuilding, on, wait } from './moves.ts';
import type { NodeState } from './node-state.ts';
import { caseOf } from './replay.ts';
import { followedBy, record, type Step, type Turn, withFault } from './turn.ts';

/** Asks every gate, records what they said, and orders the rebuild, asks a person, waits or holds. */
export function start(turn: Turn, before: NodeState, consultation: Consultation): Step {
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
  const checks = decidingChecks(turn, node);
  return {
    ...on(node, { kind: 'running', run: null }),
    effects: [decision, { kind: 'rebuild', ...order, checks, approved: approvedRun(node) }],
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
  if (node.fault === null || node.fault.approval === null)
    return followedBy({ node, effects: [decision] }, (next) => asking(turn, next));
  const unapproved: Hold = { gate: 'approval', message: approvalText(turn, node), forceable: false };
  const course = { kind: 'held', holds: [unapproved], until: null, isOurs: true } as const;
  return heldAgain(before, hold(turn, node, course), decision);
}

function approvedRun({ fault }: NodeState): { readonly run: string; readonly by: string } | null {
  const { run = null, answer, by = null } = fault?.approval ?? {};
  return run !== null && by !== null && answer === 'given' ? { run, by } : null;
}

function gateNames(holds: readonly Hold[]): string {
  return holds.map(({ gate }) => gate).join();
}

/** The gates that hold. */
export function holdsOf(gates: readonly GateResult[]): readonly Hold[] {
  return gates.filter(({ holds }) => holds).map(({ gate, message }) => ({ gate, message, forceable: false }));
}
