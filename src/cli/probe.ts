import type { Command } from 'commander';
import { canRebuild } from '../config/pool-policy.ts';
import type { AnyCheck } from '../config/schema.ts';
import type { ProbeMeans } from '../monitor/probes/measure.ts';
import type { ProbeResult, ProbeTarget } from '../monitor/probes/probe-result.ts';
import { RegrowError } from '../errors.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';
import { addressArgument, durationArgument, listArgument } from './arguments.ts';
import { renderTable, type Style } from './output.ts';
import type { VCenterWord } from './vcenter-word.ts';

interface ProbeOptions {
  readonly address?: string;
  readonly wait?: number;
  readonly check?: readonly string[];
  readonly onlyRebuild?: true;
  readonly verify?: true;
  readonly vcenter?: true;
}

const help = `
Checks are measured once, whatever their interval and thresholds are.
Exit codes: 0 all pass · 1 at least one fails · 2 usage or configuration · 3 not known: this machine could not measure,
or there is nothing to measure`;

/** `regrow probe node NAME` and `regrow probe self`: measure checks now; for playbooks, Monit and people. */
export function register(program: Command, context: CliContext): void {
  const probe = program.command('probe').description('measure checks now, with an exit status');
  probe
    .command('self')
    .description("measure this machine's own checks now (host_checks)")
    .option('--check <name>', 'only this check; may be given several times', listArgument)
    .addHelpText('after', help)
    .action(context.run((options: ProbeOptions) => probeSelf(context, options)));
  probe
    .command('node')
    .description("measure a node's checks now")
    .argument('<node>', 'the node')
    .option('--address <ip>', 'where the node is (default: where it was last seen)', addressArgument)
    .option('--wait <time>', 'measure again until all pass or the time is up, such as 60s or 2m', durationArgument)
    .option('--check <name>', 'only this check; may be given several times', listArgument)
    .option('--only-rebuild', 'only checks that can lead to a rebuild')
    .option(
      '--verify',
      'as a new node is certified: by the checks that can lead to a rebuild, or by all where none can',
    )
    .option('--vcenter', 'count what vCenter said lately, too: off or gone has failed, half built is not known')
    .addHelpText('after', help)
    .action(context.run((name: string, options: ProbeOptions) => probeNode(context, name, options)));
  probe
    .command('vcenter')
    .description("read the nodes' VMs and addresses from vCenter; a daemon of this machine does so by itself")
    .addHelpText(
      'after',
      '\nExit codes: 0 read, here or by the daemon · 1 vCenter cannot be read · 2 usage or configuration',
    )
    .action(context.run(() => probeVCenter(context)));
}

interface Measurement {
  readonly check: string;
  readonly type: AnyCheck['type'];
  readonly result: ProbeResult;
}

async function probeNode(context: CliContext, name: string, options: ProbeOptions): Promise<number> {
  const { config } = await context.config();
  const { nodeSettings } = await import('../config/node-settings.ts');
  const checks = chosenChecks('checks', nodeSettings(config, name).checks, options);
  const word = options.vcenter === true ? await wordOf(context, name) : undefined;
  const address = options.address ?? (word === undefined ? await lastKnownAddress(context, name) : word.address);
  const none = `${name} has no check${options.onlyRebuild === true ? ' that leads to a rebuild' : ''}`;
  return answer(context, { checks, name, address, waitMs: options.wait ?? 0, none, counts: word?.counts });
}

async function wordOf(context: CliContext, name: string): Promise<VCenterWord> {
  const { vcenterWord } = await import('./vcenter-word.ts');
  return vcenterWord(await context.journal(), (await context.config()).config, name, new Date());
}

async function probeVCenter(context: CliContext): Promise<number> {
  const { readDaemonLock } = await import('../remediation/daemon-lock.ts');
  const { askVCenter } = await import('./journal-status.ts');
  const daemon = await readDaemonLock((await context.config()).config.state_dir);
  try {
    if (daemon === undefined) await askVCenter(context);
  } catch (error) {
    if (!(error instanceof RegrowError) || error.code !== 'DISCOVERY_FAILED') throw error;
    context.say(error.message);
    return exitCodes.fault;
  }
  await context.answer({ read_by: daemon === undefined ? 'probe' : 'daemon' }, () => '');
  return exitCodes.done;
}

async function probeSelf(context: CliContext, options: ProbeOptions): Promise<number> {
  const { config } = await context.config();
  const { hostname } = await import('node:os');
  const { machineName, resolveSelf } = await import('../config/node-settings.ts');
  const machine = machineName(hostname());
  const name = resolveSelf(config, machine) ?? machine;
  const checks = chosenChecks('host_checks', config.host_checks, options);
  const none = 'regrow.yml has no host_checks';
  return answer(context, { checks, name, address: '127.0.0.1', waitMs: 0, none });
}

async function answer(context: CliContext, task: Task): Promise<number> {
  const { name, address } = task;
  const { uptime: uptimeOf } = await import('node:os');
  const { round, rounds, uptimeS } = await measureUntil(context, task, uptimeOf);
  const verdict = verdictOf(round);
  const measurements = round.map(({ check, type, result }) => ({
    check,
    type,
    status: result.status,
    latency_ms: result.latencyMs,
    detail: result.detail,
  }));
  await context.answer(
    { node: name, address: address ?? null, verdict, rounds, uptime_s: uptimeS, measurements },
    () => (round.length === 0 ? '' : tableOf(round, context.style)),
  );
  if (round.length === 0) context.say(`Nothing to measure: ${task.none}.`);
  return { passed: exitCodes.done, failed: exitCodes.fault, unknown: exitCodes.degraded }[verdict];
}

function chosenChecks(
  key: 'checks' | 'host_checks',
  checks: Readonly<Record<string, AnyCheck>>,
  { check: names, onlyRebuild, verify }: ProbeOptions,
): readonly (readonly [string, AnyCheck])[] {
  for (const name of names ?? []) if (!Object.hasOwn(checks, name)) throw unknownCheck(name, key, Object.keys(checks));
  const named = Object.entries(checks).filter(([name]) => names?.includes(name) ?? true);
  const deciding = named.filter(([, check]) => canRebuild(check));
  // What only alerts is no reason to throw a new node away: it may fail on every node alike.
  return onlyRebuild || (verify && deciding.length > 0) ? deciding : named;
}

function unknownCheck(name: string, key: string, known: readonly string[]): RegrowError {
  return new RegrowError('CONFIG_INVALID', `There is no check ${JSON.stringify(name)} under ${key}.`, {
    facts: { check: name, checks: known },
    remedy:
      known.length === 0 ? `${key} of regrow.yml has none: configure them there` : `choose one of: ${known.join(', ')}`,
  });
}

async function lastKnownAddress(context: CliContext, name: string): Promise<string | undefined> {
  const { knownAddresses } = await import('./known-addresses.ts');
  return (await knownAddresses(context)).get(name);
}

interface Task {
  readonly checks: readonly (readonly [string, AnyCheck])[];
  readonly name: string;
  readonly address: string | undefined;
  readonly waitMs: number;
  /** Why there is none, where there is none. */
  readonly none: string;
  /** What every check is taken to say, without measuring it. */
  readonly counts?: ProbeResult | undefined;
}

const pauseMs = 1000;

/** Measures in rounds until all pass or the time is up; always one whole round. `uptimeS`: this machine's, when the last round began. */
async function measureUntil(
  context: CliContext,
  { checks, name, address, waitMs, counts }: Task,
  uptimeOf: () => number,
): Promise<{ round: readonly Measurement[]; rounds: number; uptimeS: number }> {
  const path = context.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin';
  const deadline = performance.now() + waitMs;
  for (let rounds = 1; ; rounds++) {
    const started = performance.now();
    const uptimeS = uptimeOf();
    const leftMs = Math.max(pauseMs, Math.ceil(deadline - started));
    const means = waitMs > 0 ? { path, maxTimeoutMs: leftMs } : { path };
    const round = await Promise.all(
      checks.map(async ([check, probe]): Promise<Measurement> => {
        return {
          check,
          type: probe.type,
          result: counts ?? (await measured(context, probe, { name, address }, means)),
        };
      }),
    );
    const next = started + pauseMs;
    if (round.length === 0 || verdictOf(round) === 'passed' || next >= deadline) return { round, rounds, uptimeS };
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
  }
}

/** One measurement; of a playbook by a run of Ansible. */
async function measured(
  context: CliContext,
  check: AnyCheck,
  target: ProbeTarget,
  means: ProbeMeans,
): Promise<ProbeResult> {
  if (check.type !== 'playbook') {
    const { measure } = await import('../monitor/probes/measure.ts');
    return measure(check, target, means);
  }
  const { partsFor } = await import('./parts.ts');
  const { playbookProbe } = await import('../remediation/node-playbook.ts');
  const { config, ...parts } = await partsFor(context);
  // A run of ours gives its programs the password under Ansible's name for it, and none of this machine's variables.
  const isInARun = context.env['REGROW_SECRETS']?.split(',').includes('VMWARE_PASSWORD') === true;
  const vcenter = isInARun ? { ...config.vcenter, password: { env: 'VMWARE_PASSWORD' } } : config.vcenter;
  const timeout = Math.min(check.timeout, means.maxTimeoutMs ?? check.timeout);
  const own = { ...parts, config: { ...config, vcenter } };
  return playbookProbe(own, { ...check, timeout }, target, context.env['REGROW_RUN']);
}

/** A failure is certain whatever else is not known. Nothing measured is nothing known. */
function verdictOf(round: readonly Measurement[]): 'passed' | 'failed' | 'unknown' {
  if (round.some(({ result }) => result.status === 'failed')) return 'failed';
  return round.length > 0 && round.every(({ result }) => result.status === 'ok') ? 'passed' : 'unknown';
}

function tableOf(round: readonly Measurement[], style: Style): string {
  const colours = { ok: style.green, failed: style.red, unknown: style.yellow };
  const rows = round.map(({ check, type, result }) => [
    check,
    type,
    colours[result.status](result.status),
    result.latencyMs === null ? '' : `${result.latencyMs} ms`,
    result.detail,
  ]);
  return renderTable(['CHECK', 'TYPE', 'RESULT', 'TIME', 'DETAIL'], rows, style);
}
