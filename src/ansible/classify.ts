import { failureClasses } from '../pool/outcome.ts';
import type { FailureClass } from '../pool/outcome.ts';
import { toRecord } from './event.ts';
import type { RunEnd } from './run-end.ts';
import type { FailedTask } from './run-record.ts';

/**
 * What vCenter's modules say, by class; the first match wins. Read in the sources of community.vmware 3.7 to 6.3 and
 * seen against a simulated vCenter. The texts move between `msg`, `module_stderr` and `exception` from one core to the next.
 */
const vcenterTexts: readonly (readonly [FailureClass, RegExp])[] = [
  ['auth_failed', /Unable to log on to vCenter|Password parameter is missing|InvalidLogin|NotAuthenticated/],
  ['auth_failed', /NoPermission|Permission to perform this operation was denied/],
  ['auth_failed', /vCenter (?:refuses the login|denies the operation)/], // our own modules
  [
    'vcenter_unreachable',
    /Unknown error while connecting|Unable to connect to vCenter|CERTIFICATE_VERIFY_FAILED|HostConnectFault/,
  ],
  ['no_capacity', /\bInsufficient(?! (?:priv|perm))|NoDiskSpace|not enough (?:space|disk|memory)|No space left/i],
  [
    'template_missing',
    /Failed to find VMDK|is not a valid path|Failure validating OVF import spec|Error reading OVF|InvalidOVF|Ovf\w*Fault/,
  ],
];

/** Modules that speak about the host they run on, never about vCenter: their words are not searched. */
const hostModules = /^ansible\.(?:builtin|legacy|posix)\.(?!fail$|assert$)/;

/**
 * Why a run that did not pass failed. vCenter's own words come first, then the class that the task declares
 * (`regrow_failure`), else `playbook_error`. Only meaningful when `kind` is neither `ok`, `cancelled` nor `interrupted`.
 */
export function classifyFailure(end: RunEnd): FailureClass {
  if (end.kind === 'timed_out') return 'timed_out';
  if (end.kind === 'missing') return 'ansible_missing';
  const { failed } = end;
  if (failed === undefined) return end.kind === 'unreachable' ? 'ssh_unreachable' : 'playbook_error';
  if (failed.isUnreachable) return 'ssh_unreachable';
  return toClass(toRecord(failed.regrow)?.failure) ?? fromVcenter(failed) ?? toClass(failed.task.failure) ?? 'playbook_error';
}

function fromVcenter(failed: FailedTask): FailureClass | undefined {
  if (hostModules.test(failed.task.action)) return undefined;
  const text = [failed.message, failed.moduleStderr, failed.exception].filter((each) => each !== null).join('\n');
  return vcenterTexts.find(([, pattern]) => pattern.test(text))?.[0];
}

function toClass(value: unknown): FailureClass | undefined {
  return failureClasses.find((known) => known === value);
}
