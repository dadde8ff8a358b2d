import { closeSync, constants, createWriteStream, openSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { assertRoomForProgram } from '../descriptors.ts';
import { runEnvironment, searchPath } from './environment.ts';
import { followEvents } from './event-file.ts';
import { playbookPath } from './package-paths.ts';
import { bootId, identifyProcess } from './process.ts';
import type { RunEnd } from './run-end.ts';
import { prepareRunFolder, runFolder, wipeTmp, writeCommand, writeOutcome } from './run-folder.ts';
import type { CommandRecord, RunFolder } from './run-folder.ts';
import { isRunId } from './run-id.ts';
import type { RunHandle, RunSpec } from './run-spec.ts';
import { superviseRun } from './supervise.ts';
import type { Exit } from './supervise.ts';

/**
 * Starts one ansible-playbook process: in a group and session of its own, stdin empty, everything it says in files of
 * the run's folder, so that it lives on when this controller dies. Its environment is built from nothing.
 * A missing ansible-playbook is a result of kind `missing`, not an error.
 */
export async function startRun(spec: RunSpec): Promise<RunHandle> {
  if (!isRunId(spec.id)) throw new TypeError(`not a run id: ${JSON.stringify(spec.id)}`);
  const folder = runFolder(path.resolve(spec.runDir));
  const begun = await beginRun(spec, folder).catch(async (error: unknown) => {
    // Nothing runs that would read it, and nobody comes back to this run.
    await wipeTmp(folder).catch(() => undefined);
    throw error;
  });
  if ('missing' in begun) return missingRun(spec, folder, begun.missing);
  const { intent, child } = begun;
  const command = { ...intent, pid: child.pid, start_time: identifyProcess(child.pid)?.startTime ?? null };
  await writeCommand(folder, command);
  return superviseRun({
    folder,
    command,
    pid: child.pid,
    exit: child.exit,
    remainingMs: spec.deadlineMs,
    secrets: [...Object.values(spec.environment), ...(spec.hidden ?? [])],
  });
}

type BegunRun =
  | { readonly intent: CommandRecord; readonly child: SpawnedRun & { readonly pid: number } }
  | { readonly missing: string };

/** Everything up to the living process. What it throws, it throws before there is one. */
async function beginRun(spec: RunSpec, folder: RunFolder): Promise<BegunRun> {
  await prepareRunFolder(spec, folder);
  const program = await findProgram('ansible-playbook', searchPath(spec));
  if (program === undefined) return { missing: `no ansible-playbook in ${searchPath(spec).join(':')}` };
  const argv = [program, ...commandArguments(spec, folder)];
  const environment = runEnvironment(spec, folder);
  const intent = describeCommand(spec, argv, environment);
  await writeCommand(folder, intent);

  const { pid, exit } = spawnDetached(argv, environment, folder);
  if (pid === undefined) return { missing: `${program}: ${(await exit).failure ?? 'no process'}` };
  return { intent, child: { pid, exit } };
}

function commandArguments(spec: RunSpec, folder: RunFolder): string[] {
  return [
    '-i',
    folder.inventory,
    '-e',
    `@${folder.passedExtraVars}`,
    ...(spec.check === true ? ['--check'] : []),
    ...(spec.diff === true ? ['--diff'] : []),
    ...(spec.limit === undefined ? [] : ['--limit', spec.limit]),
    ...(spec.tags === undefined || spec.tags.length === 0 ? [] : ['--tags', spec.tags.join(',')]),
    playbookPath(spec.playbook),
    ...(spec.furtherPlaybooks ?? []).map(playbookPath),
  ];
}

function describeCommand(spec: RunSpec, argv: readonly string[], environment: Record<string, string>): CommandRecord {
  return {
    id: spec.id,
    playbook: spec.playbook,
    argv,
    environment: Object.keys(environment).toSorted(),
    expected_hosts: spec.expectedHosts,
    deadline_ms: spec.deadlineMs,
    grace_ms: spec.graceMs ?? 5_000,
    started_at: new Date().toISOString(),
    pid: null,
    start_time: null,
    boot_id: bootId(),
    stop: null,
  };
}

interface SpawnedRun {
  readonly pid: number | undefined;
  readonly exit: Promise<Exit & { readonly failure?: string | undefined }>;
}

function spawnDetached(
  argv: readonly string[],
  environment: Record<string, string>,
  folder: RunFolder,
): SpawnedRun {
  const [program = '', ...args] = argv;
  assertRoomForProgram();
  // The descriptor itself goes to the child: with a pipe of ours, Ansible would die at its next line after we did.
  const output = openSync(folder.output, 'a', 0o600);
  const log = createWriteStream(folder.output, { fd: output, autoClose: false });
  try {
    const subprocess = execa(program, args, {
      cwd: folder.root,
      env: environment,
      extendEnv: false,
      stdin: 'ignore',
      stdout: log,
      stderr: log,
      detached: true,
      cleanup: false,
      buffer: false,
      reject: false,
    });
    const exit = subprocess.then((result) => ({
      rc: result.exitCode ?? null,
      signal: result.signal ?? null,
      failure: result.code,
    }));
    return { pid: subprocess.pid, exit };
  } finally {
    closeSync(output);
  }
}

async function findProgram(name: string, directories: readonly string[]): Promise<string | undefined> {
  for (const directory of directories) {
    const file = path.resolve(directory, name);
    const isProgram = await access(file, constants.X_OK).then(
      async () => (await stat(file)).isFile(),
      () => false,
    );
    if (isProgram) return file;
  }
  return undefined;
}

async function missingRun(spec: RunSpec, folder: RunFolder, why: string): Promise<RunHandle> {
  const end: RunEnd = {
    kind: 'missing',
    message: `ansible-playbook cannot be started: ${why}.`,
    rc: null,
    signal: null,
    stats: {},
    custom: undefined,
    failures: [],
  };
  await wipeTmp(folder);
  await writeOutcome(folder, { run: end });
  return {
    id: spec.id,
    pid: null,
    events: () => followEvents(folder.events, { hasEnded: () => true }),
    result: Promise.resolve(end),
    cancel: () => Promise.resolve(),
  };
}
