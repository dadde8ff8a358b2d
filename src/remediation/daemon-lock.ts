import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { identifyProcess, isAlive, isErrno } from '../ansible/process.ts';
import { RegrowError } from '../errors.ts';
import { journalFault } from '../store/fault.ts';

/** Who is the daemon of a state folder, as `daemon.lock` says. */
export interface DaemonRecord {
  readonly pid: number;
  readonly start_time: number;
  readonly boot_id: string;
  /** ISO UTC. */
  readonly since: string;
}

/** The state folder's one daemon is this process, until it is released or the process ends. */
export interface DaemonLock {
  release(): Promise<void>;
}

/**
 * Makes this process the state folder's one daemon. The lock is SQLite's, which the kernel drops with its holder; the record tells
 * others whom to signal. Throws CONTROLLER_RUNNING; JOURNAL_UNUSABLE when the folder cannot be made or written.
 */
export async function lockDaemon(stateDir: string): Promise<DaemonLock> {
  try {
    return await lock(stateDir);
  } catch (error) {
    throw journalFault(stateDir, error);
  }
}

async function lock(stateDir: string): Promise<DaemonLock> {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const record = recordFile(stateDir);
  const mutex = new Database(`${record}.mutex`, { timeout: 0 });
  try {
    mutex.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    mutex.close();
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error;
    const running = await readDaemonLock(stateDir);
    throw new RegrowError('CONTROLLER_RUNNING', `A controller already runs for ${stateDir}.`, {
      facts: { state_dir: stateDir, pid: running?.pid ?? null },
      remedy: 'One machine needs one: `regrow status` asks it. Another pool on this machine needs another state_dir.',
      cause: error,
    });
  }
  await writeRecord(record);
  return {
    release: async () => {
      await rm(record, { force: true });
      mutex.close();
    },
  };
}

/** The live daemon of a state folder; undefined when there is none. Throws JOURNAL_UNUSABLE when this user may not look. */
export async function readDaemonLock(stateDir: string): Promise<DaemonRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(recordFile(stateDir), 'utf8'));
    if (!isRecord(value)) return undefined;
    const isLive = isAlive({ pid: value.pid, startTime: value.start_time, bootId: value.boot_id });
    return isLive ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT')) return undefined;
    throw journalFault(stateDir, error);
  }
}

function recordFile(stateDir: string): string {
  return path.join(stateDir, 'daemon.lock');
}

async function writeRecord(file: string): Promise<void> {
  const self = identifyProcess(process.pid);
  if (self === undefined) throw new Error('/proc does not show this process: is /proc mounted?');
  const record: DaemonRecord = {
    pid: self.pid,
    start_time: self.startTime,
    boot_id: self.bootId,
    since: new Date().toISOString(),
  };
  await writeFile(`${file}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
}

function isRecord(value: unknown): value is DaemonRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, start_time, boot_id, since } = value as Partial<DaemonRecord>;
  return (
    // 0 and below are groups: a signal must never go there.
    Number.isInteger(pid) &&
    Number(pid) > 0 &&
    Number.isInteger(start_time) &&
    typeof boot_id === 'string' &&
    typeof since === 'string'
  );
}
