import { describe, expect, it } from 'vitest';
import { classifyFailure } from '../../../src/ansible/classify.ts';
import type { RunEnd } from '../../../src/ansible/run-end.ts';
import type { FailedTask } from '../../../src/ansible/run-record.ts';

function failedEnd(action: string, more: Partial<FailedTask> = {}, declared: string | null = null): RunEnd {
  const task = { id: 't', name: 'n', action, path: '', role: null, step: null, failure: declared, section: null };
  const failed: FailedTask = {
    host: 'localhost',
    task,
    isUnreachable: false,
    message: '',
    moduleStderr: null,
    exception: null,
    rc: null,
    regrow: null,
    isTruncated: false,
    ...more,
  };
  return { kind: 'failed', message: '', rc: 2, signal: null, stats: {}, custom: undefined, failed, failures: [failed] };
}

const deploy = 'community.vmware.vmware_deploy_ovf';

describe('the class of a failure', () => {
  it.each([
    ['auth_failed', 'Unable to log on to vCenter or ESXi API at 10.77.0.2:443 as x: Cannot complete login'],
    ['auth_failed', 'vCenter refuses the login: Cannot complete login due to an incorrect user name or password.'],
    ['auth_failed', 'Password parameter is missing. Please specify this parameter in task or export environment'],
    ['auth_failed', 'Permission to perform this operation was denied. Insufficient privileges'],
    ['vcenter_unreachable', 'Unknown error while connecting to vCenter or ESXi API at 127.0.0.1:1 : [Errno 111]'],
    [
      'vcenter_unreachable',
      'Unable to connect to vCenter or ESXi API at v on TCP/443: [SSL: CERTIFICATE_VERIFY_FAILED]',
    ],
    ['no_capacity', 'Insufficient disk space on datastore "ds1".'],
    ['no_capacity', 'The available Memory resources are insufficient: InsufficientMemoryResourcesFault'],
    ['template_missing', "'/var/lib/regrow/image/core.ovf' is not a valid path"],
    ['template_missing', 'Failed to find VMDK file at /var/lib/regrow/image/core-disk1.vmdk'],
    ['template_missing', 'Failure validating OVF import spec: Line 3: no such element'],
    ['playbook_error', "Datacenter 'nowhere' could not be located"],
  ] as const)('is %s when a module of vCenter says %j', (expected, message) => {
    expect(classifyFailure(failedEnd(deploy, { message }))).toBe(expected);
    // The same words in the other fields, as other cores have them.
    expect(
      classifyFailure(failedEnd(deploy, { message: 'MODULE FAILURE', moduleStderr: `Traceback\n${message}` })),
    ).toBe(expected);
    expect(classifyFailure(failedEnd(deploy, { message: 'MODULE FAILURE', exception: message }))).toBe(expected);
  });

  it('is what vCenter says before what the task declares, else what the task declares', () => {
    const away = { message: 'Unable to connect to vCenter or ESXi API' };
    expect(classifyFailure(failedEnd(deploy, away, 'address_timeout'))).toBe('vcenter_unreachable');
    expect(classifyFailure(failedEnd(deploy, { message: 'no address' }, 'address_timeout'))).toBe('address_timeout');
    expect(classifyFailure(failedEnd(deploy, { message: 'no address' }, 'no such class'))).toBe('playbook_error');
  });

  it('is first of all what a module of ours names itself', () => {
    const regrow = { failure: 'template_missing' };
    expect(classifyFailure(failedEnd('regrow_vm', { regrow, message: 'CERTIFICATE_VERIFY_FAILED' }))).toBe(
      'template_missing',
    );
  });

  it("is not taken from words of modules that speak of the node: insufficient memory there is not vCenter's", () => {
    const message = 'Insufficient memory; CERTIFICATE_VERIFY_FAILED';
    expect(classifyFailure(failedEnd('ansible.builtin.command', { message }, 'configure_failed'))).toBe(
      'configure_failed',
    );
    expect(
      classifyFailure(failedEnd('ansible.builtin.fail', { message: 'Insufficient memory' }, 'configure_failed')),
    ).toBe('no_capacity');
  });

  it('is ssh_unreachable for a host that was not reached', () => {
    expect(
      classifyFailure({
        ...failedEnd('ansible.builtin.copy', { isUnreachable: true }, 'configure_failed'),
        kind: 'unreachable',
      }),
    ).toBe('ssh_unreachable');
  });

  it.each([
    ['timed_out', 'timed_out'],
    ['missing', 'ansible_missing'],
    ['nothing_ran', 'playbook_error'],
    ['not_attempted', 'playbook_error'],
    ['unknown', 'playbook_error'],
    ['unreachable', 'ssh_unreachable'],
  ] as const)('of a run that ended %s without a failed task is %s', (kind, expected) => {
    const { failed: _, ...end } = failedEnd(deploy);
    expect(classifyFailure({ ...end, kind })).toBe(expected);
  });
});
