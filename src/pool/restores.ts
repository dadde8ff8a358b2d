import { isFailing, unmeasured } from './check-state.ts';
import type { Effect } from './events.ts';
import { unhealthyChecks } from './judge.ts';
import type { NodeState } from './node-state.ts';
import type { Action, RestoreAction } from './policy.ts';
import { nodePolicy, record, type Turn } from './turn.ts';

/*
 * Restoring a node: its settings, files and services again, on the VM that it is. A check that asks for it has to fail afresh after
 * each restore, by its own threshold; after `attempts` of them its `then` follows. Controllers restore in their turn, each when the
 * one before had time for all of its attempts. On the node itself a lock keeps them apart, and straight after another one's restore its
 * playbook leaves the node alone. What is restored twice is restored once: no two need to know of each other.
 */

/** Whether restoring is over for the check: as often as it may be. What is not restored at all has nothing left either. */
export function isSpent({ fault }: NodeState, check: string, action: Action): boolean {
  return action.kind !== 'restore' || (fault?.restores[check] ?? 0) >= action.attempts;
}

/** The checks that ask for a restore now: they fail by present results, and have restores left. */
export function restoreDue(turn: Turn, node: NodeState): readonly string[] {
  return unhealthyChecks(turn, node).filter((name) => {
    const check = nodePolicy(turn).checks[name];
    return (
      check !== undefined && !isSpent(node, name, check.action) && isFailing(node.checks[name] ?? unmeasured, check)
    );
  });
}

/** How long the controller before this one takes for all of its restores, in milliseconds. */
export function patienceMs(turn: Turn, node: NodeState): number {
  const times = restoreDue(turn, node).map((name) => {
    const action = nodePolicy(turn).checks[name]?.action;
    return action?.kind === 'restore' ? action.patienceMs : 0;
  });
  return Math.max(turn.policy.staggerMs, ...times);
}

/** Restoring did not help: a person is told, once a fault. */
export function givenUp(turn: Turn, { fault }: NodeState, check: string, action: RestoreAction): readonly Effect[] {
  const { name } = turn;
  const restores = fault?.restores[check] ?? 0;
  const whatNext = action.next === 'rebuild' ? 'it is to be rebuilt' : `see to it, then \`regrow restore ${name}\``;
  const text = `check ${check} of ${name} fails after ${restores} restores: ${whatNext}`;
  return [
    record(turn, 'restore.given_up', { check, restores, next: action.next }),
    { kind: 'alert', node: name, text },
  ];
}
