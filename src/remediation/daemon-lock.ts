import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isAlive, isErrno } from '../ansible/process.ts';

/** Who is the daemon of a state folder, as `daemon.lock` says. */
export interface DaemonRecord {
  readonly pid: number;
  readonly start_time: number;
  readonly boot_id: string;
  /** ISO UTC. */
  readonly since: string;
}

/** The live daemon of a state folder; undefined when there is none. */
export async function readDaemonLock(stateDir: string): Promise<DaemonRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path.join(stateDir, 'daemon.lock'), 'utf8'));
    if (!isRecord(value)) return undefined;
    const isLive = isAlive({ pid: value.pid, startTime: value.start_time, bootId: value.boot_id });
    return isLive ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
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
