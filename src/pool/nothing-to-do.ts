import type { GateResult } from './gates.ts';
import { isSameVm, type ReadNode } from './node-state.ts';
import type { Outcome, VmIdentity } from './outcome.ts';
import { isStale, type Turn } from './turn.ts';

/** Why an ordered rebuild has nothing to do here: that is no refusal. */
export interface NothingToDo {
  readonly outcome: Extract<Outcome, 'already_healthy' | 'already_replaced' | 'in_progress_elsewhere'>;
  readonly message: string;
}

/** By vCenter's word another VM than the judged one is certified by now, or somebody is at work. Without a judged VM it is about whichever is there. */
export function overtaken(
  turn: Omit<Turn, 'name'>,
  read: ReadNode | null,
  judged: VmIdentity | null,
): NothingToDo | undefined {
  const { found, pending = null } = read ?? {};
  if (found?.kind === 'vm' && found.mark === 'certified' && judged !== null && !isSameVm(found.vm, judged))
    return { outcome: 'already_replaced', message: `${found.vm.moid} has taken its place` };
  if (pending !== null && !isStale(turn, pending))
    return { outcome: 'in_progress_elsewhere', message: `${pending.by ?? 'another controller'} is at it` };
  return undefined;
}

/** Gates that hold because the node lives. */
const signsOfLife: readonly string[] = ['heartbeat', 'quorum', 'confirm'];

/** The node answers a fresh probe, and nothing else holds. */
export function answers(gates: readonly GateResult[]): NothingToDo | undefined {
  const holding = gates.filter(({ holds }) => holds);
  const confirm = holding.find(({ gate }) => gate === 'confirm');
  if (confirm?.facts['status'] !== 'ok' || !holding.every(({ gate }) => signsOfLife.includes(gate))) return undefined;
  return { outcome: 'already_healthy', message: confirm.message };
}
