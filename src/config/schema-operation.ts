import { z } from 'zod';
import {
  absolutePath,
  duration,
  label,
  line,
  percentage,
  playbook,
  positiveDuration,
  secret,
  size,
  textOf,
  truth,
  wholeNumber,
} from './values.ts';

/* How the controller works: when it may act, whom it tells, what it keeps. */

const mode = z
  .enum(['act', 'dry-run', 'approve'], { error: 'expected act, dry-run or approve' })
  .describe('`act` by itself; `dry-run`: say what would be done; `approve`: ask a person first.');

/** What of it a single node may set for itself. */
export const safetyOverride = z.strictObject({ mode: mode.exactOptional() });

/** When a remediation is allowed. */
export const safetySchema = z
  .strictObject({
    quorum: z
      .union([z.literal('majority'), wholeNumber(1, 1000)], { error: 'expected majority, or a count' })
      .prefault('majority')
      .describe(
        'How many observers must agree that a node has failed: `majority` of the pool and its witnesses, or a count.',
      ),
    witnesses: z
      .array(
        textOf(/^[A-Za-z0-9._-]+(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?$/, 'expected a host, or host:port'),
      )
      .prefault([])
      .describe('Controllers outside the pool (`host` or `host:port`) whose view counts in the quorum.'),
    max_unhealthy: z
      .union([z.literal('minority'), wholeNumber(1, 1000)], { error: 'expected minority, or a count' })
      .prefault('minority')
      .describe(
        'Nothing is rebuilt while more nodes than this are unhealthy: a count, or `minority` (fewer than half). Never the last healthy node.',
      ),
    max_per_hour: z
      .union([z.literal('auto'), wholeNumber(1, 10_000)], { error: 'expected auto, or a count' })
      .prefault('auto')
      .describe(
        'Nodes that may be rebuilt within an hour, by whomever, before a person has to look: a count, or `auto` (the size of the pool, at least 3).',
      ),
    max_concurrent: wholeNumber(1, 1000).prefault(1).describe('Rebuilds at one time in the whole pool.'),
    cliff: percentage
      .prefault('50%')
      .describe('When this share of the pool vanishes at once, the observer is taken to be at fault.'),
    quarantine: truth
      .prefault(true)
      .describe(
        'Whether a failed VM is kept, off and disconnected, until its replacement is certified; false: destroyed before.',
      ),
    startup_grace: duration
      .prefault('10m')
      .describe(
        'A VM that this controller has not seen healthy yet, since the boot or a rebuild, has this long until failures count.',
      ),
    stability_window: positiveDuration
      .prefault('1h')
      .describe('A node that stays healthy for this long has its attempts forgotten.'),
    max_attempts: wholeNumber(1, 100)
      .prefault(3)
      .describe('Rebuilds of one node within the stability window; then a person is called.'),
    backoff: duration.prefault('2m').describe('Wait after a failed rebuild; doubled each time.'),
    mode: mode.prefault('act'),
    approval_expires: positiveDuration
      .prefault('1h')
      .describe('In mode `approve`: how long a run waits for an answer, and how long an approval holds.'),
    storm_after: wholeNumber(1, 1000)
      .prefault(5)
      .describe(
        'Setbacks within the stability window (rebuilds that failed, rebuilt nodes that failed again) that trip the storm brake.',
      ),
    storm_quiet: positiveDuration
      .prefault('1h')
      .describe('The storm brake releases by itself when no node was rebuilt, and no rebuild failed, for this long.'),
  })
  .describe('The gates that a remediation must pass.');

/** Times and counts of a rebuild. */
export const remediationSchema = z
  .strictObject({
    deadline: positiveDuration.prefault('30m').describe('A run of Ansible is ended after this time.'),
    upload_lease: positiveDuration
      .prefault('5m')
      .describe('How long vCenter keeps an upload lease open after its client died.'),
    slowest_operation: positiveDuration
      .prefault('5m')
      .describe('The longest that a single operation of vCenter takes.'),
    address_timeout: positiveDuration.prefault('5m').describe('How long a new VM may take to have an address.'),
    ssh_timeout: positiveDuration.prefault('5m').describe('How long its sshd may take to answer.'),
    verify_timeout: positiveDuration.prefault('3m').describe('How long the checks of a new node may take to succeed.'),
    stagger: positiveDuration
      .prefault('30s')
      .describe('How long each next candidate for a rebuild waits for the one before it. It saves double work only.'),
    reboot_command: z
      .array(line, { error: 'expected a program and its arguments' })
      .min(1, { error: 'expected a program' })
      .prefault(['systemctl', 'reboot'])
      .describe('What `on_failure: reboot` of a host check runs.'),
    on_stop: z
      .enum(['leave', 'wait'], { error: 'expected leave or wait' })
      .prefault('leave')
      .describe(
        'What a stopping controller does about its rebuild: `leave` it running, to be taken up by the next start; or `wait` for its end.',
      ),
    generations: wholeNumber(1, 100).prefault(5).describe('Attempts at one incident, over all controllers.'),
    restore_deadline: positiveDuration.prefault('10m').describe('A restore is ended after this time.'),
    keep_runs: wholeNumber(1, 100_000).prefault(200).describe('Runs whose files and records are kept.'),
    keep_days: wholeNumber(1, 36_500).prefault(90).describe('Days for which they are kept.'),
  })
  .describe(
    'Times and counts of a rebuild. Another controller takes over after deadline + upload_lease + slowest_operation.',
  );

/** The HTTP endpoint. */
export const httpSchema = z
  .strictObject({
    listen: textOf(/^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$/, 'expected address:port, such as 127.0.0.1:8460')
      .refine((text) => !(Number(/:([0-9]{1,5})$/.exec(text)?.[1]) > 65_535), {
        error: 'expected a port up to 65535',
      })
      .prefault('127.0.0.1:8460')
      .describe('Address and port of the status page and API. The peers use the same port.'),
    tls: z
      .strictObject({
        cert: absolutePath.describe('Certificate, followed by those between it and its authority, as PEM.'),
        key: absolutePath.describe('Its key, as PEM, without passphrase; mode 0600.'),
        ca: absolutePath
          .nullable()
          .prefault(null)
          .describe(
            "Authority that signed the controllers' certificates, each for its node's name; null: all controllers have this very certificate, signed by itself.",
          ),
      })
      .nullable()
      .prefault(null)
      .describe(
        'HTTPS instead of HTTP, on every controller of the pool; null: HTTP. The files are read again on SIGHUP.',
      ),
    token: secret.nullable().prefault(null).describe('Bearer token for changes and for peers; null: both are refused.'),
  })
  .describe('The status page and API.');

const playbooks = z.array(playbook, { error: 'expected a list of playbooks' });

/** Playbooks of the user's own around a rebuild. */
export const hooksSchema = z
  .strictObject({
    before_rebuild: playbooks
      .prefault([])
      .describe(
        'Playbooks run by the builder when it has claimed the rebuild, before the node is fenced; a failure ends the rebuild, and nothing is harmed. Extra-vars `node`, `node_address`, `rebuild_run`, `rebuild_incident`, `judged_vm`.',
      ),
    after_rebuild: playbooks
      .prefault([])
      .describe(
        'Playbooks run by the builder after the node is certified and the old VM is gone; a failure is told, and the rebuild stands. Also extra-var `new_vm`.',
      ),
    timeout: positiveDuration
      .prefault('5m')
      .describe(
        'What the playbooks of `before_rebuild`, and those of `after_rebuild`, may take together; killed after that.',
      ),
    restore: playbooks
      .prefault([])
      .describe('Playbooks run at the end of each restore of a node; extra-vars `node` and `node_address`.'),
  })
  .describe('Playbooks of your own around a rebuild and a restore.');

const loaded = {
  path: absolutePath.describe('The file on this machine and on the node.'),
  owner: textOf(/^[a-z_][a-z0-9_-]{0,31}$/, 'expected a user name')
    .prefault('root')
    .describe('Owner on the node.'),
  group: textOf(/^[a-z_][a-z0-9_-]{0,31}$/, 'expected a group name')
    .prefault('root')
    .describe('Group on the node.'),
  mode: textOf(/^0?[0-7]{3,4}$/, 'expected an octal mode in quotes, such as "0644"')
    .prefault('0644')
    .describe('Permissions on the node, in quotes.'),
  service: textOf(/^[A-Za-z0-9@._:-]{1,128}$/, 'expected the name of a service')
    .nullable()
    .prefault(null)
    .describe('Service that is restarted when the file changed.'),
};

/** A file that is loaded onto new nodes. */
export const fileSchema = z.strictObject(loaded);

/** What all nodes share, and send to each other. */
export const syncSchema = z
  .strictObject({
    files: z
      .array(
        z.strictObject({
          ...loaded,
          path: absolutePath.describe('A file or a folder on this machine, and on the node.'),
          service: loaded.service.describe('Service that is reloaded when something of it was sent.'),
          update: z
            .enum(['missing', 'newer'], { error: 'expected missing or newer' })
            .prefault('missing')
            .describe('`missing`: what the node has stays as it is; `newer`: an older file is replaced.'),
        }),
        { error: 'expected a list of files' },
      )
      .prefault([])
      .describe("Files and folders that are sent to every node. Nothing that is one machine's own."),
    image: truth
      .prefault(true)
      .describe('Whether the image is sent, too, to nodes whose image is older by the time of its OVF.'),
    bandwidth: size
      .nullable()
      .prefault(null)
      .describe('The most that is sent of an image to one node in a second; null: no limit.'),
    deadline: positiveDuration.prefault('2h').describe('`regrow sync` is ended after this time.'),
  })
  .describe('Files that all nodes share, sent by `regrow sync` and by a check with `playbook: sync_files.yml`.');

/** Ansible as regrow calls it. */
export const ansibleSchema = z
  .strictObject({
    path: z
      .array(absolutePath, { error: 'expected a list of directories' })
      .prefault([])
      .describe('Directories put before PATH of the runs.'),
    python_path: z
      .array(absolutePath, { error: 'expected a list of directories' })
      .prefault([])
      .describe('Directories in PYTHONPATH of the runs.'),
    hypervisor: label.prefault('vmware').describe('Which hypervisor role does the work.'),
  })
  .describe('Ansible as regrow calls it.');
