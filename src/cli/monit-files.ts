import { nodeNames, nodeSettings } from '../config/node-settings.ts';
import type { AnyCheck, Config } from '../config/schema.ts';

/** What Monit's files are made for. */
export interface MonitTarget {
  readonly config: Config;
  /** This machine's node name; null on an admin host. */
  readonly self: string | null;
  /** How Monit calls this program: absolute paths, no shell. */
  readonly command: readonly string[];
  /** Monit's own cycle (`set daemon`). */
  readonly cycleMs: number;
}

/** Monit's configuration of the pool and of this machine, by file name. */
export type MonitFiles = Readonly<Record<'regrow-pool' | 'regrow-host', string>>;

/** Monit takes no more in `for N cycles`. */
const mostCycles = 64;
/** A reading of vCenter takes no longer. */
const readingMs = 120_000;
/** A probe ends by itself at its check's timeout; Monit, which kills only its direct child, waits for so much longer. */
const patienceMs = 15_000;

/** Monit files with a check program for each check of each other node, and of this machine: its exit status 1 is a failure. */
export function monitFiles(target: MonitTarget): MonitFiles {
  const { config, self } = target;
  const nodes = nodeNames(config).filter((node) => node !== self);
  const pool = nodes.flatMap((node) =>
    Object.entries(nodeSettings(config, node).checks).map(([name, check]) =>
      checkProgram(target, {
        service: `regrow_${node}_${name}`,
        probe: ['probe', 'node', node, '--check', name, '--vcenter'],
        check,
        action: nodeAction(target, node, check),
      }),
    ),
  );
  const host = Object.entries(config.host_checks).map(([name, check]) =>
    checkProgram(target, {
      service: `regrow_self_${name}`,
      probe: ['probe', 'self', '--check', name],
      check,
      action: hostAction(target, check),
    }),
  );
  return {
    'regrow-pool': file(`the pool ${config.pool.name}`, [vcenterProgram(target), ...pool]),
    'regrow-host': file('this machine', host),
  };
}

function file(of: string, checks: readonly string[]): string {
  const head = `# Checks of ${of}, by \`regrow monit-config\`: write it again when regrow.yml changes.\n`;
  return [head, ...checks].join('\n');
}

/** Where no daemon runs, nothing else tells Monit's probes where the nodes are. */
function vcenterProgram({ command, config, cycleMs }: MonitTarget): string {
  const timeoutS = Math.ceil((readingMs + patienceMs) / 1000);
  return [
    `check program regrow_vcenter with path ${quoted([...command, 'probe', 'vcenter'])} with timeout ${timeoutS} seconds`,
    ...everyLine(config.discovery.interval, cycleMs),
    `  if status = 1 for 3 cycles then alert`,
    '',
  ].join('\n');
}

function everyLine(intervalMs: number, cycleMs: number): readonly string[] {
  const every = cyclesIn(intervalMs, cycleMs);
  return every === 1 ? [] : [`  every ${every} cycles`];
}

function cyclesIn(ms: number, cycleMs: number): number {
  return Math.max(1, Math.round(ms / cycleMs));
}

interface Program {
  readonly service: string;
  readonly probe: readonly string[];
  readonly check: AnyCheck;
  readonly action: Action;
}

/** What Monit does at the failure, and what people should know of it. */
interface Action {
  readonly does: string;
  readonly note?: string;
}

/** One rule a program: several on one program act on one event. Exit status 3 (not known) and 2 (usage) are no failure. */
function checkProgram({ command, cycleMs }: MonitTarget, { service, probe, check, action }: Program): string {
  const timeoutS = Math.ceil((check.timeout + patienceMs) / 1000);
  const failures = Math.min(check.failures, mostCycles);
  return [
    ...(action.note === undefined ? [] : [`# ${service}: ${action.note}`]),
    `check program ${service} with path ${quoted([...command, ...probe])} with timeout ${timeoutS} seconds`,
    ...everyLine(check.interval, cycleMs),
    `  if status = 1 for ${failures} cycles then ${action.does}`,
    '',
  ].join('\n');
}

function nodeAction({ command, config, cycleMs }: MonitTarget, node: string, check: AnyCheck): Action {
  const { on_failure: action, interval } = check;
  if (action === 'rebuild') {
    // A rebuild that failed, or died with its machine, has no second failure after it: the order is given again while this one lasts.
    const again = Math.ceil(config.safety.backoff / Math.max(interval, cycleMs));
    const { does } = exec([...command, 'rebuild', node, '--from-monit', '--confirm', node, '--no-wait']);
    return { does: `${does} repeat every ${Math.max(1, again)} cycles` };
  }
  if (action === 'restore') return exec([...command, 'restore', node, '--from-monit']);
  return commonAction(action, node);
}

function hostAction({ self }: MonitTarget, { on_failure: action }: AnyCheck): Action {
  if (action === 'reboot') {
    const note = 'the reboot is left to the daemon, which asks the others before it';
    return { does: 'alert', note };
  }
  return commonAction(action, self ?? 'localhost');
}

function commonAction(action: AnyCheck['on_failure'], node: string): Action {
  if (typeof action === 'object' && 'exec' in action)
    return exec(['/usr/bin/env', `REGROW_NODE=${node}`, ...action.exec]);
  return action === 'alert' ? { does: 'alert' } : { does: 'alert', note: 'its action is left to the daemon' };
}

function exec(argv: readonly string[]): Action {
  return { does: `exec ${quoted(argv)}` };
}

/** Monit splits at spaces, and knows single quotes within the double ones. */
function quoted(argv: readonly string[]): string {
  const words = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll(/['"\n]/g, '_')}'`));
  return `"${words.join(' ')}"`;
}
