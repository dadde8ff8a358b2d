import { isFailing, unmeasured } from './check-state.ts';
import type { Effect } from './events.ts';
import { type Hold, holdsAgainst } from './gates.ts';
import { unhealthyChecks } from './judge.ts';
import type { NodeState } from './node-state.ts';
import { type Action, modeOf } from './policy.ts';
import { givenUp, isSpent } from './restores.ts';
import { nodePolicy, record, type Step, still, type Turn, withFault } from './turn.ts';

/** The alert of each check and its action other than a rebuild, once while it stays unhealthy. What changes something asks the gates here. */
export function takeActions(turn: Turn, node: NodeState): Step {
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

/** What holds here, with its reasons. */
export function holdsHere({ name, policy, pool }: Turn): readonly Hold[] {
  const { self, isTakenOut } = policy;
  const mode = modeOf(policy, name);
  const holds = holdsAgainst({ node: name, self, isTakenOut, pauses: pool.pauses, mode, byHand: false, force: [] });
  return holds.map((each) => ({ ...each, forceable: false }));
}
