import { setTimeout as delay } from 'node:timers/promises';
import { concludeRun } from './conclude.ts';
import type { Stop } from './conclude.ts';
import { followEvents, readEvents } from './event-file.ts';
import { parsePosixLine } from './posix-json.ts';
import { signalProcess, sweep } from './process.ts';
import type { RunEnd } from './run-end.ts';
import { outputTail, wipeTmp, writeCommand, writeOutcome } from './run-folder.ts';
import type { CommandRecord, RunFolder } from './run-folder.ts';
import { recordRun } from './run-record.ts';
import type { RunRecord } from './run-record.ts';
import type { RunHandle } from './run-spec.ts';
import { scrubFile } from './secrets.ts';

/** How a process ended; both null when nobody saw it. */
export interface Exit {
  readonly rc: number | null;
  readonly signal: string | null;
}

const unseen: Exit = { rc: null, signal: null };
const longestTimerMs = 2 ** 31 - 1;

/** A run whose process lives, as far as its supervisor needs to know it. */
export interface SupervisedRun {
  readonly folder: RunFolder;
  readonly command: CommandRecord;
  /** ansible-playbook, the leader of its group. */
  readonly pid: number;
  readonly exit: Promise<Exit>;
  readonly remainingMs: number;
  /** Values that no file of the run may hold when it has ended. */
  readonly secrets: readonly string[];
}

/** Watches over a live run: its deadline, its cancellation, the sweep after its end, and its verdict. */
export function superviseRun(run: SupervisedRun): RunHandle {
  const { folder, command, pid } = run;
  let stop: Stop | undefined = command.stop ?? undefined;
  let hasEnded = false;

  const end = async (cause: Stop): Promise<void> => {
    if (stop === undefined && !hasEnded) {
      stop = cause;
      // A full disk must not keep the run alive: without the note, only a later controller would misname its end.
      await writeCommand(folder, { ...command, stop }).catch(() => undefined);
    }
    if (!hasEnded) await killGroup(pid, run.exit, command.grace_ms);
  };

  const deadline: Stop = { by: 'deadline', reason: `Stopped at its deadline of ${command.deadline_ms / 1000} s` };
  const timer = setTimeout(() => void end(deadline), Math.min(Math.max(0, run.remainingMs), longestTimerMs));
  const result = run.exit.then(async (exit) => {
    clearTimeout(timer);
    hasEnded = true;
    // What is left of its group goes at once; whoever moved to a session of its own is found by the marker.
    signalProcess(-pid, 'SIGKILL');
    return concludeFromFiles(folder, { ...command, stop: stop ?? null }, run.secrets, exit);
  });

  let isConcluded = false;
  void result.finally(() => (isConcluded = true)).catch(() => undefined);
  if (stop !== undefined) void end(stop);
  return {
    id: command.id,
    pid,
    events: () => followEvents(folder.events, { hasEnded: () => isConcluded }),
    result,
    cancel: async (reason) => {
      await end({ by: 'cancel', reason: `Cancelled: ${reason}` });
      await result;
    },
  };
}

/**
 * Ends what is left of a run whose leader is gone, wipes its temporary files, and gives and keeps the verdict.
 * Safe to repeat.
 */
export async function concludeFromFiles(
  folder: RunFolder,
  command: CommandRecord,
  secrets: readonly string[],
  exit = unseen,
): Promise<RunEnd> {
  await sweep(command.id);
  const troubles = await Promise.all([
    trouble('the temporary files could not be removed', wipeTmp(folder)),
    trouble('the output could not be searched for secrets', scrubFile(folder.output, secrets)),
    trouble('the events could not be searched for secrets', scrubFile(folder.events, secrets)),
  ]);
  const verdict = concludeRun({
    record: await recordFromFiles(folder),
    expectedHosts: command.expected_hosts,
    rc: exit.rc,
    signal: exit.signal,
    output: await outputTail(folder),
    stop: command.stop ?? undefined,
  });
  const end = withTroubles(verdict, troubles);
  return withTroubles(end, [await trouble('the outcome could not be kept', writeOutcome(folder, { run: end }))]);
}

/** What went wrong around a run is told with its verdict, and never hides it. */
async function trouble(what: string, work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return `${what}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function withTroubles(end: RunEnd, troubles: readonly (string | undefined)[]): RunEnd {
  const told = troubles.filter((each) => each !== undefined);
  return told.length === 0 ? end : { ...end, message: `${end.message} (${told.join('; ')})` };
}

/** The record from our callback's file; when that says nothing, from `ansible.posix.jsonl` lines in the output. */
async function recordFromFiles(folder: RunFolder): Promise<RunRecord> {
  const record = await recordRun(readEvents(folder.events));
  if (record.hasStarted) return record;
  return recordRun(readEvents(folder.output, { parseLine: parsePosixLine }));
}

/** SIGTERM to the group, a grace, SIGKILL to the group. Resolves when the leader has exited. */
async function killGroup(pid: number, exit: Promise<Exit>, graceMs: number): Promise<void> {
  signalProcess(-pid, 'SIGTERM');
  const grace = new AbortController();
  const isGone = await Promise.race([
    exit.then(() => true),
    delay(graceMs, false, { signal: grace.signal }).catch(() => false),
  ]);
  grace.abort();
  if (isGone) return;
  signalProcess(-pid, 'SIGKILL');
  await exit;
}
