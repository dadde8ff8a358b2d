import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunId } from './run-id.ts';

/** A process beyond doubt. A pid alone lies: it is used again, and it says nothing after a reboot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks from boot to the process's start. */
  readonly startTime: number;
  readonly bootId: string;
}

/** The environment variable that every process of a run carries. */
export const runMarker = 'REGROW_RUN';
/** Environment variable of a run that belongs to another one, such as a hook: that one's id. Whatever ends that one ends it, too. */
export const outerRunMarker = 'REGROW_OUTER_RUN';

/** This boot's id, another one after each reboot. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

interface ProcessStat {
  readonly state: string;
  readonly startTime: number;
  readonly memory: number;
  readonly environmentStart: number;
  readonly environmentEnd: number;
}

function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`)?.toString('latin1');
  if (text === undefined) return undefined;
  // The second field, the command's name in parentheses, may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    startTime: Number(fields[19]),
    memory: Number(fields[20]),
    environmentStart: Number(fields[47]),
    environmentEnd: Number(fields[48]),
  };
}

/** What a live process is known by; undefined when there is none, or only its zombie. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  if (stat === undefined || isDead(stat)) return undefined;
  return { pid, startTime: stat.startTime, bootId: bootId() };
}

/** Whether exactly this process still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && now.bootId === identity.bootId;
}

/** Milliseconds since a process of this boot started, by the kernel's clock: no wall clock is asked. */
export function ageMs(identity: ProcessIdentity): number {
  const uptimeSeconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  const ticksPerSecond = 100; // USER_HZ, the same on every Linux that Node runs on
  return Math.max(0, Math.round((uptimeSeconds - identity.startTime / ticksPerSecond) * 1000));
}

/**
 * The pids of every live process that carries the run's marker, without this one. About 5 ms a scan; when a scan finds
 * none a second one confirms it, since a process may fork and end while a scan passes.
 */
export async function liveProcesses(runId: string): Promise<number[]> {
  const first = await scan(runId);
  return first.length > 0 ? first : scan(runId);
}

/**
 * Kills (SIGKILL) every process that carries the run's marker, whatever group or session it hides in, until none is
 * left. Returns how many were killed. Gives up after `limitMs`: a process in uninterruptible sleep outlives any signal;
 * `liveProcesses` goes on naming it.
 */
export async function sweep(runId: string, limitMs = 30_000): Promise<number> {
  const killed = new Set<number>();
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    const pids = await liveProcesses(runId);
    for (const pid of pids) {
      if (signalProcess(pid, 'SIGKILL')) killed.add(pid);
    }
    if (pids.length === 0 || performance.now() > giveUpAt) return killed.size;
    await delay(10);
  }
}

/** Sends a signal to a process, or with a negative pid to a group. False when there is nobody to take it. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (isErrno(error, 'ESRCH') || isErrno(error, 'EPERM')) return false;
    throw error;
  }
}

/** Whether an error is the system's of that name. */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

async function scan(runId: string): Promise<number[]> {
  if (!isRunId(runId)) return [];
  const markers = [runMarker, outerRunMarker].map((name) => Buffer.from(`${name}=${runId}\0`));
  const marked: number[] = [];
  let unsettled = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  for (const giveUpAt = performance.now() + longestExecMs; ; await delay(2)) {
    const inExec: number[] = [];
    for (const pid of unsettled) {
      if (pid === process.pid) continue;
      const environment = readProc(`/proc/${pid}/environ`);
      if (environment === undefined) continue;
      if (markers.some((marker) => holds(environment, marker))) marked.push(pid);
      else if (environment.length === 0 && isInExec(pid)) inExec.push(pid);
    }
    if (inExec.length === 0 || performance.now() > giveUpAt) return marked;
    unsettled = inExec;
  }
}

const longestExecMs = 2_000;

/**
 * Whether a process whose environment reads empty is in the middle of exec, when the old one is gone and the new one
 * not there yet. The kernel tells by the environment's bounds, fields 50 and 51 of /proc/PID/stat: equal and set for
 * one that is truly empty. Zombies and kernel threads have no memory (field 23), and are never listed.
 */
function isInExec(pid: number): boolean {
  const stat = readStat(pid);
  if (stat === undefined || isDead(stat) || stat.memory === 0) return false;
  return stat.environmentEnd === 0 || stat.environmentEnd !== stat.environmentStart;
}

function holds(environment: Buffer, marker: Buffer): boolean {
  for (let at = environment.indexOf(marker); at !== -1; at = environment.indexOf(marker, at + 1)) {
    if (at === 0 || environment[at - 1] === 0) return true;
  }
  return false;
}

/** A file of /proc; undefined when its process ended meanwhile or belongs to somebody else. */
function readProc(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}

function isDead(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}
