import { chmod, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { toRecord } from './event.ts';
import { toExtraVarsYaml } from './extra-vars.ts';
import { isErrno } from './process.ts';
import type { ProcessIdentity } from './process.ts';
import { runEndKinds } from './run-end.ts';
import type { RunEnd } from './run-end.ts';
import type { RunSpec } from './run-spec.ts';
import { ansibleYaml } from './unsafe-text.ts';
import { withoutSecrets } from './secrets.ts';

/** The files of one run. The folder is 0700, its files 0600; none holds a secret once the first play has started. */
export interface RunFolder {
  readonly root: string;
  readonly inventory: string;
  /** The record of the extra-vars, secrets' values replaced. */
  readonly extraVars: string;
  readonly command: string;
  readonly events: string;
  readonly output: string;
  readonly outcome: string;
  /** Home and temporary folder of all the run's processes; wiped when they are gone. */
  readonly tmp: string;
  /** What Ansible reads its extra-vars from; our callback removes it at the first play's start. */
  readonly passedExtraVars: string;
  readonly ansibleConfig: string;
}

/** Names only: nothing is made or read. */
export function runFolder(root: string): RunFolder {
  const tmp = path.join(root, 'tmp');
  return {
    root,
    inventory: path.join(root, 'inventory.yml'),
    extraVars: path.join(root, 'extra-vars.json'),
    command: path.join(root, 'command.json'),
    events: path.join(root, 'events.jsonl'),
    output: path.join(root, 'output.log'),
    outcome: path.join(root, 'outcome.json'),
    tmp,
    passedExtraVars: path.join(tmp, 'extra-vars.yml'),
    ansibleConfig: path.join(tmp, 'ansible.cfg'),
  };
}

/** What `command.json` says: enough for another controller to find, follow or end the run. Never a value of the environment. */
export interface CommandRecord {
  readonly id: string;
  readonly playbook: string;
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  readonly expected_hosts: readonly string[];
  readonly deadline_ms: number;
  readonly grace_ms: number;
  readonly started_at: string;
  /** Null until the process has been started. */
  readonly pid: number | null;
  readonly start_time: number | null;
  readonly boot_id: string;
  /** Set before we end a run, so that whoever concludes it knows that we did. */
  readonly stop: { readonly by: 'deadline' | 'cancel'; readonly reason: string } | null;
}

/** Makes the folder and everything that ansible-playbook reads. */
export async function prepareRunFolder(spec: RunSpec, folder: RunFolder): Promise<void> {
  await mkdir(folder.root, { recursive: true, mode: 0o700 });
  await chmod(folder.root, 0o700);
  for (const sub of ['', 'ansible', 'local', 'remote']) {
    await mkdir(path.join(folder.tmp, sub), { recursive: true, mode: 0o700 });
  }
  const secrets = Object.values(spec.environment);
  await writePrivate(folder.inventory, ansibleYaml(spec.inventory));
  await writePrivate(folder.extraVars, `${JSON.stringify(withoutSecrets(spec.extraVars, secrets), null, 2)}\n`);
  await writePrivate(folder.passedExtraVars, toExtraVarsYaml(spec.extraVars));
  await writePrivate(folder.ansibleConfig, '');
  for (const [name, text] of Object.entries(spec.passingFiles ?? {})) {
    await writePrivate(path.join(folder.tmp, name), text);
  }
  await writePrivate(folder.events, '');
}

/** Replaces a file in one step: a reader sees the old text or the new one. */
async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/** Writes `command.json`. */
export async function writeCommand(folder: RunFolder, command: CommandRecord): Promise<void> {
  await replaceFile(folder.command, `${JSON.stringify(command, null, 2)}\n`);
}

/** Reads `command.json`; undefined when it is missing or torn. */
export async function readCommand(folder: RunFolder): Promise<CommandRecord | undefined> {
  const value = await readJson(folder.command);
  if (typeof value?.id !== 'string' || typeof value.deadline_ms !== 'number') return undefined;
  return value as unknown as CommandRecord;
}

/** The process that `command.json` names; undefined before it was started. */
export function commandProcess(command: CommandRecord): ProcessIdentity | undefined {
  if (command.pid === null || command.start_time === null) return undefined;
  return { pid: command.pid, startTime: command.start_time, bootId: command.boot_id };
}

/** Keeps the run's end in `outcome.json`, beside whatever others have written there. */
export async function writeOutcome(folder: RunFolder, facts: object): Promise<void> {
  const before = (await readJson(folder.outcome)) ?? {};
  await replaceFile(folder.outcome, `${JSON.stringify({ ...before, ...facts }, null, 2)}\n`);
}

/** The end that was kept; undefined when the run was not concluded yet. */
export async function readOutcome(folder: RunFolder): Promise<RunEnd | undefined> {
  const end = toRecord((await readJson(folder.outcome))?.run);
  return runEndKinds.some((kind) => kind === end?.kind) ? (end as unknown as RunEnd) : undefined;
}

/** Empties and removes `tmp/`: a module that was killed leaves its arguments there. */
export async function wipeTmp(folder: RunFolder): Promise<void> {
  await rm(folder.tmp, { recursive: true, force: true, maxRetries: 3 });
}

/** The end of the output file, where Ansible's last words are. */
export async function outputTail(folder: RunFolder, bytes = 32 * 1024): Promise<string> {
  const handle = await open(folder.output, 'r').catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(size, bytes));
    await handle.read(buffer, 0, buffer.length, Math.max(0, size - bytes));
    return buffer.toString('utf8');
  } finally {
    await handle.close();
  }
}

function writePrivate(file: string, text: string): Promise<void> {
  return writeFile(file, text, { mode: 0o600 });
}

async function readJson(file: string): Promise<Record<string, unknown> | undefined> {
  try {
    return toRecord(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
