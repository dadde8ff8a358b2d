import { allGates, type ActCase } from './act-gates.ts';
import type { GateResult } from './gates.ts';
import { backoffOf } from './moves.ts';
import type { NodeState } from './node-state.ts';
import type { Turn } from './turn.ts';

/** Every gate that an order meets; what a program's order has to wait for comes first. */
export function orderGates(given: ActCase): readonly GateResult[] {
  const held = given.order?.trigger === 'monit' ? restraints(given.turn, given.node) : [];
  return [...held, ...allGates(given)];
}

/**
 * What a program's order (Monit's) has to wait for beside the gates: it repeats itself, and gets no more than this controller allows
 * itself. A person's order ends a backoff, and what was given up or held. Empty: nothing.
 */
function restraints(turn: Turn, node: NodeState): readonly GateResult[] {
  const { policy, now, name } = turn;
  const course = node.fault?.course;
  const held = course?.kind === 'held' && !course.isOurs ? course.holds : [];
  const holds = held.map(({ gate, message }): GateResult => ({ gate, holds: true, message, facts: {} }));
  const { attempts, lastAttemptAt } = node;
  const facts = { attempts, most: policy.maxAttempts };
  if (course?.kind === 'exhausted' || attempts >= policy.maxAttempts) {
    const message = `${attempts} rebuilds of this machine did not last: see to it, then \`regrow resume ${name}\``;
    return [...holds, { gate: 'exhausted', holds: true, message, facts }];
  }
  const leftMs = attempts === 0 || lastAttemptAt === null ? 0 : lastAttemptAt + backoffOf(turn, node) - now;
  if (leftMs <= 0) return holds;
  const message = `after ${attempts} rebuilds it waits for ${Math.ceil(leftMs / 1000)} s more`;
  return [...holds, { gate: 'backoff', holds: true, message, facts }];
}
