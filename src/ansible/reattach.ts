import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ageMs, identifyProcess, isAlive, liveProcesses, sweep } from './process.ts';
import type { ProcessIdentity } from './process.ts';
import type { RunEnd } from './run-end.ts';
import { commandProcess, readCommand, readOutcome, runFolder, wipeTmp, writeCommand, writeOutcome } from './run-folder.ts';
import type { CommandRecord } from './run-folder.ts';
import type { RunHandle } from './run-spec.ts';
import { concludeFromFiles, superviseRun } from './supervise.ts';
import type { Exit } from './supervise.ts';

/**
 * Takes up a run of a controller that died. A live one is followed to its end, deadline included; a dead one is swept,
 * and judged from its files: by the stats event, else it was `interrupted`. One that was judged already is read back.
 * `secrets` are the values that the run was given, to be kept out of its files.
 */
export async function reattach(runDir: string, secrets: readonly string[] = []): Promise<RunHandle | RunEnd> {
  const folder = runFolder(path.resolve(runDir));
  const kept = await readOutcome(folder);
  if (kept !== undefined) return kept;

  const command = await readCommand(folder);
  if (command === undefined) {
    // The command is written before the process is started: without it there was none.
    await sweep(path.basename(folder.root));
    await wipeTmp(folder);
    await writeOutcome(folder, { run: neverStarted });
    return neverStarted;
  }
  const leader = commandProcess(command) ?? (await oldestProcess(command));
  if (leader === undefined || !isAlive(leader)) return concludeFromFiles(folder, command, secrets);

  const found: CommandRecord = { ...command, pid: leader.pid, start_time: leader.startTime };
  if (command.pid === null) await writeCommand(folder, found);
  return superviseRun({
    folder,
    command: found,
    pid: leader.pid,
    exit: goneFrom(leader),
    remainingMs: command.deadline_ms - ageMs(leader),
    secrets,
  });
}

const neverStarted: RunEnd = {
  kind: 'interrupted',
  message: 'The controller ended before it had started ansible-playbook.',
  rc: null,
  signal: null,
  stats: {},
  custom: undefined,
  failures: [],
};

/** The run's leader, when the controller died between starting it and noting its pid. */
async function oldestProcess(command: CommandRecord): Promise<ProcessIdentity | undefined> {
  const identities = (await liveProcesses(command.id)).map(identifyProcess).filter((each) => each !== undefined);
  return identities.toSorted((a, b) => a.startTime - b.startTime || a.pid - b.pid)[0];
}

/** Resolves when the process is gone. It is nobody's child here, so its exit code is lost. */
async function goneFrom(leader: ProcessIdentity): Promise<Exit> {
  while (isAlive(leader)) await delay(100);
  return { rc: null, signal: null };
}
