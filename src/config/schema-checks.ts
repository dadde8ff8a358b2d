import { z } from 'zod';
import { hasOnlyKnownPlaceholders, isCheckUrl } from './placeholders.ts';
import {
  command,
  line,
  mountPoint,
  percentage,
  playbook,
  port,
  positiveDuration,
  truth,
  wholeNumber,
} from './values.ts';

const templatedCommand = command.refine((words) => words.every(hasOnlyKnownPlaceholders), {
  error: 'expected no other placeholders than {{ address }} and {{ name }}',
});

const commandAction = z.strictObject({ exec: command.describe('Command to run: program and arguments, no shell.') });
const playbookAction = z.strictObject({ playbook: playbook.describe('Playbook to run for the node.') });

const nodeAction = z
  .union([z.enum(['rebuild', 'restore', 'alert']), commandAction, playbookAction], {
    error: 'expected rebuild, restore, alert, {exec: [...]} or {playbook: name.yml}',
  })
  .describe(
    'What follows when the check turns unhealthy, once per fault: `rebuild` the node and mail, `restore` its settings, `alert` only, `{exec: [...]}` a command, `{playbook: ...}`.',
  );

const hostActions = 'expected alert, reboot, {exec: [...]} or {playbook: name.yml}';

const hostAction = z
  .union([z.enum(['alert', 'reboot']), commandAction, playbookAction], {
    error: ({ input }) =>
      input === 'restore' || input === 'rebuild'
        ? `${hostActions}; no machine can ${input} itself: a check under checks has the other controllers ${input} it`
        : hostActions,
  })
  .describe(
    'What follows when the check turns unhealthy: `alert`, `reboot` this machine, `{exec: [...]}`, `{playbook: ...}`. A check under `checks` has the others restore or rebuild this machine.',
  );

const timing = {
  interval: positiveDuration.prefault('20s').describe('Time between two measurements.'),
  timeout: positiveDuration
    .prefault('15s')
    .describe('A measurement that still runs then is killed and counts as failed.'),
  failures: wholeNumber(1, 1000).prefault(3).describe('Failures in a row that make the check unhealthy.'),
  successes: wholeNumber(1, 1000).prefault(1).describe('Successes in a row that make it healthy again.'),
};

const kinds = {
  ping: { type: z.literal('ping').describe('ICMP echo, by fping.') },
  tcp: {
    type: z.literal('tcp').describe('A TCP connection is accepted.'),
    port: port.describe('TCP port to connect to.'),
  },
  http: {
    type: z.literal('http').describe('A web page answers.'),
    url: z
      .string({ error: 'expected a URL' })
      .max(2048)
      .refine(isCheckUrl, {
        error:
          'expected an http or https URL without user and password, with no other placeholders than {{ address }} and {{ name }}',
      })
      .describe('Page to ask for; `{{ address }}` and `{{ name }}` stand for the node.'),
    status: z
      .array(wholeNumber(100, 599), { error: 'expected a list of status codes, such as [200, 204]' })
      .min(1)
      .nullable()
      .prefault(null)
      .describe('Status codes that count as success; null: 200 to 399. Redirects are not followed.'),
    text: line.nullable().prefault(null).describe('Text that the page must hold.'),
    validate_certs: truth.prefault(true).describe('Whether the certificate of an https page is checked.'),
  },
  command: {
    type: z.literal('command').describe('A command exits with 0.'),
    command: templatedCommand.describe(
      'Program and arguments, run on the observer without a shell; `{{ address }}` and `{{ name }}` stand for the node.',
    ),
  },
  playbook: {
    type: z.literal('playbook').describe('An Ansible playbook succeeds.'),
    playbook: playbook.describe(
      "One of regrow's playbooks by name, or an absolute path. A task that fails has failed the node; vCenter out of reach, or Ansible broken here, has not. It says that it cannot tell by set_stats `regrow: {unknown: WHY}`.",
    ),
    extra_vars: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of an Ansible variable' }),
        z.json(),
      )
      .prefault({})
      .describe("Further extra-vars; the node's name and address are given always."),
  },
  filesystem: {
    type: z.literal('filesystem').describe('Used share of a filesystem.'),
    path: mountPoint.describe('A path on the filesystem.'),
    max_used: percentage.describe('Used share above which the check fails.'),
  },
  memory: {
    type: z.literal('memory').describe('Used share of the memory.'),
    max_used: percentage.describe('Used share above which the check fails.'),
  },
  cpu: {
    type: z.literal('cpu').describe('Busy share of all processors since the last measurement.'),
    max_used: percentage.describe('Busy share above which the check fails.'),
  },
};

const node = {
  ...timing,
  on_failure: nodeAction.prefault('alert'),
  ignore_heartbeat: truth
    .prefault(false)
    .describe('Whether this check may lead to a rebuild although VMware Tools report a green heartbeat.'),
};
const restoring = {
  restore_attempts: wholeNumber(1, 100)
    .prefault(2)
    .describe('With `on_failure: restore`: how often the node is restored in one fault before `then` follows.'),
  // The name is that of regrow.yml; a text cannot be called.
  // oxlint-disable-next-line unicorn/no-thenable -- as above
  then: z
    .enum(['rebuild', 'alert'], { error: 'expected rebuild or alert' })
    .prefault('alert')
    .describe('With `on_failure: restore`: what follows when the check fails afresh after all of its restores.'),
};
const own = { ...timing, on_failure: hostAction.prefault('alert') };
const typeError = (types: string): { error: string } => ({ error: `expected a type: ${types}` });

/** A check of a node, made by every other controller. */
export const checkSchema = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ ...kinds.ping, ...node, ...restoring }),
    z.strictObject({ ...kinds.tcp, ...node, ...restoring }),
    z.strictObject({ ...kinds.http, ...node, ...restoring }),
    z.strictObject({ ...kinds.command, ...node, ...restoring }),
    z.strictObject({ ...kinds.playbook, ...node, ...restoring }),
  ],
  typeError('ping, tcp, http, command or playbook'),
);

/** A check that a controller makes of its own machine. */
export const hostCheckSchema = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ ...kinds.ping, ...own }),
    z.strictObject({ ...kinds.tcp, ...own }),
    z.strictObject({ ...kinds.http, ...own }),
    z.strictObject({ ...kinds.command, ...own }),
    z.strictObject({ ...kinds.playbook, ...own }),
    z.strictObject({ ...kinds.filesystem, ...own }),
    z.strictObject({ ...kinds.memory, ...own }),
    z.strictObject({ ...kinds.cpu, ...own }),
  ],
  typeError('ping, tcp, http, command, playbook, filesystem, memory or cpu'),
);
