/**
 * What can become of a rebuild, and of a restore (`restored` is its success). The names are the ones people and programs see: journal, CLI, HTTP.
 * Source of the list: the outside contract of the CLI ("Outcomes of a rebuild").
 */
export const outcomes = [
  'rebuilt',
  'restored',
  'already_healthy',
  'already_replaced',
  'in_progress_elsewhere',
  'lost_race',
  'refused',
  'failed',
  'cancelled',
  'interrupted',
] as const;
export type Outcome = (typeof outcomes)[number];

/** Why a rebuild failed. Each class has one remedy, see docs/errors.md. */
export const failureClasses = [
  'vcenter_unreachable',
  'auth_failed',
  'template_missing',
  'no_capacity',
  'address_timeout',
  'ssh_unreachable',
  'configure_failed',
  'verify_failed',
  'playbook_error',
  'timed_out',
  'ansible_missing',
] as const;
export type FailureClass = (typeof failureClasses)[number];

/** One VM, beyond doubt: vCenter's managed object id and the instance uuid. Names and BIOS uuids are not identities. */
export interface VmIdentity {
  readonly moid: string;
  readonly instanceUuid: string;
}

/** Exit codes of the CLI. Source: the outside contract. */
export const exitCodes = {
  done: 0,
  fault: 1,
  usage: 2,
  degraded: 3,
  refused: 4,
  busy: 5,
  failed: 6,
  nothingToDo: 7,
  unreachable: 8,
} as const;

/** The exit code that an outcome of a rebuild means. */
export function exitCodeOf(outcome: Outcome): number {
  switch (outcome) {
    case 'rebuilt':
    case 'restored':
      return exitCodes.done;
    case 'refused':
      return exitCodes.refused;
    case 'failed':
    case 'cancelled':
    case 'interrupted':
      return exitCodes.failed;
    case 'already_healthy':
    case 'already_replaced':
    case 'in_progress_elsewhere':
    case 'lost_race':
      return exitCodes.nothingToDo;
  }
}
