import type { RunEndKind } from '../../src/ansible/run-end.ts';
import type { FailureClass } from '../../src/pool/outcome.ts';
import type { Core } from './captured-cases.ts';

/** What a person who looked at the playbook, the terminal and the hosts afterwards would say happened. */
export interface Judgement {
  readonly kind: RunEndKind;
  /** The host and the task that decided. */
  readonly failed?: readonly [host: string, task: string];
  /** Both hosts fail in that task at once: a live run may tell of either first. */
  readonly failsOnBoth?: true;
  /** What the message for people has to say. */
  readonly says?: RegExp;
  readonly class?: FailureClass;
}

export interface JudgedCase extends Judgement {
  readonly hosts: readonly string[];
  /** Where a core behaves otherwise. */
  readonly on?: Partial<Record<Core, Judgement>>;
}

const both = ['vm01', 'vm02'];
const vm01 = ['vm01'];
const killed = (signal: string): JudgedCase => ({
  hosts: both,
  kind: 'interrupted',
  says: new RegExp(`${signal}.*"long"`),
});
const refused = (says: RegExp, hosts: readonly string[] = both): JudgedCase => ({
  hosts,
  kind: 'nothing_ran',
  says,
  class: 'playbook_error',
});

/** By hand, case by case. */
export const judgements: Readonly<Record<string, JudgedCase>> = {
  '01-ok': { hosts: both, kind: 'ok', says: /vm01, vm02/ },
  '02-failed': {
    hosts: both,
    kind: 'failed',
    failed: ['vm01', 'fails on vm01 only'],
    says: /non-zero return code.*err/,
    class: 'playbook_error',
  },
  '03-ignored': { hosts: vm01, kind: 'ok' },
  '04-skipped': { hosts: vm01, kind: 'ok' },
  '05-unreachable': {
    hosts: ['vm99'],
    kind: 'unreachable',
    failed: ['vm99', 'unreachable'],
    says: /could not reach vm99/,
    class: 'ssh_unreachable',
  },
  '06-loop': { hosts: vm01, kind: 'ok' },
  '07-retries': { hosts: vm01, kind: 'failed', failed: ['vm01', 'exhausts its retries'], class: 'playbook_error' },
  '08-rescue': { hosts: vm01, kind: 'ok' },
  '09-nolog': { hosts: vm01, kind: 'ok' },
  '10-warnings': { hosts: both, kind: 'ok' },
  '11-yaml-error': refused(/YAML/),
  '12-missing-module': refused(/couldn't resolve module\/action 'acme\.missing\.thing'/, vm01),
  '13-undefined': {
    hosts: vm01,
    kind: 'failed',
    failed: ['vm01', 'uses an undefined variable'],
    says: /'no_such_variable' is undefined/,
    class: 'playbook_error',
  },
  '14-undefined-when': { hosts: vm01, kind: 'failed', failed: ['vm01', 'undefined in when'], says: /no_such_variable/ },
  '15-kill-sighup': killed('SIGHUP'),
  '15-kill-sigint': killed('SIGINT'),
  '15-kill-sigint-group': killed('SIGINT'),
  '15-kill-sigkill': killed('SIGKILL'),
  '15-kill-sigkill-group': killed('SIGKILL'),
  '15-kill-sigterm': killed('SIGTERM'),
  '15-kill-sigterm-group': killed('SIGTERM'),
  '16-large': { hosts: vm01, kind: 'ok' },
  // The module's output is refused by 2.19 and later, unless told not to; 2.14 takes it.
  '17-nonutf8': {
    hosts: vm01,
    kind: 'failed',
    failed: ['vm01', 'bytes that are not utf-8'],
    says: /invalid UTF8/,
    class: 'playbook_error',
    on: { '2.14': { kind: 'ok' } },
  },
  '18-noise': { hosts: vm01, kind: 'ok' },
  '19-handlers': { hosts: vm01, kind: 'ok' },
  '20-free': { hosts: both, kind: 'ok' },
  '21-diff': { hosts: vm01, kind: 'ok' },
  '22-stats': { hosts: both, kind: 'ok' },
  '23-async': { hosts: vm01, kind: 'ok' },
  '24-include': {
    hosts: both,
    kind: 'failed',
    failed: ['vm01', 'missing include file'],
    failsOnBoth: true,
    says: /nosuch\.yml/,
    class: 'playbook_error',
  },
  '25-delegate': { hosts: both, kind: 'ok' },
  '26-fatal': { hosts: both, kind: 'failed', failed: ['vm01', 'fails on vm01'] },
  '27-nohosts': { hosts: both, kind: 'nothing_ran', says: /no host matches "nosuchgroup"/, class: 'playbook_error' },
  '28-serial': { hosts: both, kind: 'ok' },
  '29-twoplays': { hosts: both, kind: 'failed', failed: ['vm01', 'fail'], says: /no space on datastore/ },
  // Exit code 0, and a failure that the playbook told Ansible to forget.
  '30-clearerrors': { hosts: vm01, kind: 'failed', failed: ['vm01', 'ansible.builtin.fail'], says: /: x/ },
  '31-unreachable-and-failed': {
    hosts: ['vm01', 'vm99'],
    kind: 'failed',
    failed: ['vm01', 'fails or is unreachable'],
    says: /vm99/,
    class: 'playbook_error',
  },
  '32-vaulted': { hosts: vm01, kind: 'ok' },
  '33-vars_prompt': { hosts: vm01, kind: 'ok' },
  '34-module-crash': {
    hosts: vm01,
    kind: 'failed',
    failed: ['vm01', 'module killed by a signal'],
    says: /Killed/,
    class: 'playbook_error',
  },
  '35-vmware': { hosts: vm01, kind: 'ok' },
  '36-worker-killed': {
    hosts: vm01,
    kind: 'failed',
    says: /A worker was found in a dead state/,
    class: 'playbook_error',
  },
  '37-facts': { hosts: vm01, kind: 'ok' },
  '38-recursion': { hosts: both, kind: 'failed', failed: ['vm01', 'assert'], says: /wrong host/ },
  '40-missing-inventory': { hosts: both, kind: 'nothing_ran' },
  '41-missing-playbook': refused(/nosuch\.yml could not be found/),
  '42-limit-nomatch': refused(/no hosts to target/),
  '43-bad-option': refused(/unrecognized arguments: --no-such-option/),
  '44-missing-inventory-strict': refused(/Completely failed to parse inventory source/),
  '45-verbose-1': { hosts: both, kind: 'ok' },
  '46-verbose-3': { hosts: vm01, kind: 'ok' },
  '47-wrong-vault-password': { hosts: vm01, kind: 'failed', failed: ['vm01', 'show'], class: 'playbook_error' },
  '48-no-vault-password': { hosts: vm01, kind: 'failed', failed: ['vm01', 'show'], class: 'playbook_error' },
  '49-bad-extra-vars': refused(/Unable to retrieve file contents/),
  '50-missing-role': refused(/role 'nosuchrole' was not found/, vm01),
  // Exit code 0, no stats, nothing done: nothing may be concluded.
  '51-list-tasks': { hosts: both, kind: 'unknown' },
  '52-syntax-check': { hosts: both, kind: 'unknown' },
  '53-unknown-callback': refused(/acme\.nosuch\.cb/),
  '54-nohosts-strict': refused(/Could not match supplied host pattern/),
  '55-lc-all-c': refused(/locale encoding to be UTF-8/),
  '56-lc-all-latin1': refused(/unsupported locale setting/),
  '57-start-at-task-missing': { hosts: both, kind: 'nothing_ran', says: /No matching task "nope" found/ },
  '58-tags-nomatch': { hosts: both, kind: 'nothing_ran', says: /no task was left/ },
  '60-marker': { hosts: vm01, kind: 'ok' },
  '61-task-timeout': {
    hosts: vm01,
    kind: 'failed',
    failed: ['vm01', 'task timeout leaves the module running'],
    class: 'playbook_error',
  },
};
