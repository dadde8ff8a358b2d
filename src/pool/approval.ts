import type { Effect, PoolEvent } from './events.ts';
import type { Hold } from './gates.ts';
import { opened, unhealthyChecks } from './judge.ts';
import { isSameVm, type Approval, type NodeState } from './node-state.ts';
import type { VmIdentity } from './outcome.ts';
import { modeOf } from './policy.ts';
import { followedBy, record, still, withFault, type Step, type Turn } from './turn.ts';

/*
 * Mode approve: when nothing but a person's word is missing, a run waits for it. The word is about one VM and one fault, overrides the
 * gate `approval` alone, is for one rebuild, and ends after a time. Every gate is asked again before anything is done.
 */

/** Whether a person approved the rebuild of the turn's node. */
export function isApproved({ now }: Turn, { fault }: NodeState): boolean {
  const approval = fault?.approval;
  if (!fault || !approval || approval.answer !== 'given') return false;
  return now < approval.until && isAbout(approval, fault.vm);
}

/** What the gate says while it holds. */
export function approvalText({ name }: Turn, { fault }: NodeState): string {
  const approval = fault?.approval;
  if (!approval) return 'safety.mode is approve, and nobody approved';
  if (approval.answer === 'rejected')
    return `${approval.by ?? 'somebody'} rejected it${because(approval)}; \`regrow resume ${name}\` asks again`;
  return approval.run === null
    ? 'a person has to approve it'
    : `a person has to approve it: \`regrow approve ${approval.run}\` or \`regrow reject ${approval.run}\``;
}

/** The node while a person is asked, who is told of it by the question itself. */
export function asking(turn: Turn, node: NodeState): Step {
  const { fault } = node;
  if (fault === null) return still(node);
  const until = turn.now + turn.policy.approvalExpiresMs;
  const question = { vm: fault.vm, run: null, answer: 'awaited', by: null, reason: '', until } as const;
  const asked = withFault(node, { approval: question, acted: [...fault.acted, 'gate:approval'] });
  const unapproved: Hold = { gate: 'approval', message: approvalText(turn, asked), forceable: false };
  return {
    node: withFault(asked, { course: { kind: 'held', holds: [unapproved], until: null, isOurs: true } }),
    effects: [{ kind: 'ask', node: turn.name, judged: fault.vm, attempt: node.attempts + 1 }],
  };
}

/**
 * The node after Monit ordered its rebuild and every other gate passed: a person is asked as for a rebuild of this controller's own. Where
 * its own checks saw no fault yet one begins, which a success ends.
 */
export function afterOrder(turn: Turn, node: NodeState, vm: VmIdentity | null): Step {
  if (modeOf(turn.policy, turn.name) !== 'approve' || !isAbout({ vm }, node.fault?.vm ?? node.vm)) return still(node);
  const begun = node.fault === null ? opened(turn, node, []) : still(node);
  return followedBy(begun, (faulty) => (mayAsk(faulty) ? asking(turn, faulty) : still(faulty)));
}

function mayAsk({ fault }: NodeState): boolean {
  if (fault === null || fault.approval !== null) return false;
  switch (fault.course.kind) {
    case 'watching':
    case 'waiting':
    case 'looking':
      return true;
    case 'held':
      return fault.course.isOurs;
    case 'running':
    case 'restoring':
    case 'elsewhere':
    case 'exhausted':
      return false;
  }
}

/** The node after its run waits. */
export function afterAsking(turn: Turn, node: NodeState, run: string): Step {
  const approval = node.fault?.approval;
  if (!approval || approval.run !== null) return still(node);
  const text = `${turn.name} is to be rebuilt, and a person has to approve it: \`regrow approve ${run}\` or \`regrow reject ${run}\``;
  return {
    node: withFault(node, { approval: { ...approval, run } }),
    effects: [
      record(turn, 'approval.asked', { run, checks: unhealthyChecks(turn, node) }),
      { kind: 'alert', node: turn.name, text },
    ],
  };
}

/** The node after a person answered. An answer to another question than the one that is open says nothing. */
export function afterAnswer(
  turn: Turn,
  node: NodeState,
  { run, answer, by, reason }: Extract<PoolEvent, { readonly kind: 'answered' }>,
): Step {
  const approval = node.fault?.approval;
  if (!approval || approval.run !== run || approval.answer !== 'awaited' || turn.now >= approval.until)
    return still(node);
  const until = turn.now + turn.policy.approvalExpiresMs;
  return {
    node: withFault(node, { approval: { ...approval, answer, by, reason, until } }),
    effects: [record(turn, `approval.${answer}`, { run, by, reason })],
  };
}

/** The node without an approval that holds no more: too old, about another VM, or in another mode. The gates are asked afresh then. */
export function withoutSpentApproval(turn: Turn, node: NodeState): NodeState {
  const { fault } = node;
  if (fault === null || fault.approval === null || fault.course.kind === 'running') return node;
  const { approval, course } = fault;
  const isOver = approval.answer !== 'rejected' && turn.now >= approval.until;
  if (!isOver && isAbout(approval, fault.vm) && modeOf(turn.policy, turn.name) === 'approve') return node;
  const isHeld = course.kind === 'held' && course.isOurs;
  return withFault(node, { approval: null, ...(isHeld ? { course: { kind: 'watching' } } : {}) });
}

/** The end of a run that waited, when what it waited for is over. */
export function unaskEffects(turn: Turn, before: NodeState, after: NodeState, event: PoolEvent): readonly Effect[] {
  const asked = before.fault?.approval;
  if (!asked || asked.run === null || asked.answer === 'rejected') return [];
  const { run } = asked;
  // It was begun, and tells its end by itself.
  if (event.kind === 'run-ended' && event.run === run) return [];
  const now = after.fault?.approval;
  if (now?.run === run && now.answer !== 'rejected') return [];
  if (now?.run === run) {
    const message = `${now.by ?? 'somebody'} rejected it${because(now)}`;
    return [{ kind: 'unask', node: turn.name, run, outcome: 'refused', message }];
  }
  return [{ kind: 'unask', node: turn.name, run, outcome: 'cancelled', message: whyOver(turn, asked, after, event) }];
}

function whyOver(turn: Turn, asked: Approval, { fault }: NodeState, event: PoolEvent): string {
  if (fault === null) return 'the fault ended before';
  if (event.kind === 'run-ended') return 'its rebuild could not be begun';
  const mode = modeOf(turn.policy, turn.name);
  if (mode !== 'approve') return `safety.mode is ${mode} now`;
  if (!isAbout(asked, fault.vm)) return 'the node is another VM by now';
  return asked.answer === 'given' ? 'it was approved, and could not be begun in time' : 'nobody approved it in time';
}

function isAbout({ vm }: Pick<Approval, 'vm'>, judged: Approval['vm']): boolean {
  return (vm === null && judged === null) || isSameVm(vm, judged);
}

function because({ reason }: Approval): string {
  return reason === '' ? '' : `: ${reason}`;
}
