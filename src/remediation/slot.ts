import { mkdir, readFile, rm, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { lock as lockFile } from 'proper-lockfile';
import { bootId, identifyProcess, isAlive, isErrno, liveProcesses, sweep } from '../ansible/process.ts';
import type { ProcessIdentity } from '../ansible/process.ts';
import { isRunId } from '../ansible/run-id.ts';

/** What `rebuild.lock` says about who holds the machine's one slot for runs that change the pool. */
export interface SlotHolder {
  readonly pid: number;
  readonly start_time: number;
  readonly boot_id: string;
  readonly run: string;
  readonly node: string;
  readonly since: string;
}

/** The slot, held. */
export interface Slot {
  readonly kind: 'held';
  readonly holder: SlotHolder;
  /** Kills what is left of the run's processes, then frees the slot. Safe to repeat. */
  release(): Promise<void>;
}

/** Somebody else has the slot. `live` says what of the holder is alive: its controller, or only the run it started. */
export interface SlotBusy {
  readonly kind: 'busy';
  readonly holder: SlotHolder | undefined;
  readonly live: 'controller' | 'run';
}

export interface SlotRequest {
  readonly run: string;
  readonly node: string;
}

/**
 * Takes the machine's one slot, or says who has it. The holder's record decides: pid, start time and boot id of its
 * controller, and the marker in the environment of its run's processes. The lock's heartbeat alone decides nothing: a
 * stalled controller makes it stale while the run lives. A dead controller's slot is taken over at once, unless
 * processes of its run live; then only a request for that same run gets it (the new controller follows that run).
 */
export async function acquireSlot(stateDir: string, request: SlotRequest): Promise<Slot | SlotBusy> {
  if (!isRunId(request.run)) throw new TypeError(`not a run id: ${JSON.stringify(request.run)}`);
  const files = slotFiles(stateDir);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  return alone(files, async () => {
    const before = await readHolder(files);
    const live = before === undefined ? undefined : await liveOf(before);
    if (live === 'controller') return { kind: 'busy', holder: before, live };
    if (live === 'run' && before?.run !== request.run) return { kind: 'busy', holder: before, live };

    // Its holder is dead, and nobody else is between these lines: what it left behind can go.
    await rm(files.lockFolder, { recursive: true, force: true });
    const unlock = await lockFile(files.record, {
      lockfilePath: files.lockFolder,
      realpath: false,
      // Losing the heartbeat (a stall, a folder swept away) loses nothing: the record still names a live process.
      onCompromised: () => undefined,
    });
    const holder = describeHolder(request);
    await writeHolder(files, holder);
    held.add(holder.run);
    return { kind: 'held', holder, release: () => releaseSlot(files, holder, unlock) };
  });
}

/** Runs that this process holds the slot for. A release that fails leaves a record on the disk that names this very process. */
const held = new Set<string>();

/** Who holds the slot now; undefined when it is free. */
export async function slotHolder(stateDir: string): Promise<SlotBusy | undefined> {
  const holder = await readHolder(slotFiles(stateDir));
  const live = holder === undefined ? undefined : await liveOf(holder);
  return live === undefined ? undefined : { kind: 'busy', holder, live };
}

interface SlotFiles {
  /** The record, for people too. */
  readonly record: string;
  /** proper-lockfile's folder, whose mtime is the heartbeat. */
  readonly lockFolder: string;
  readonly mutex: string;
}

function slotFiles(stateDir: string): SlotFiles {
  const record = path.join(stateDir, 'rebuild.lock');
  return { record, lockFolder: `${record}.lock`, mutex: `${record}.mutex` };
}

function describeHolder(request: SlotRequest): SlotHolder {
  const self = identifyProcess(process.pid);
  if (self === undefined) throw new Error('/proc does not show this process: is /proc mounted?');
  return {
    pid: self.pid,
    start_time: self.startTime,
    boot_id: self.bootId,
    run: request.run,
    node: request.node,
    since: new Date().toISOString(),
  };
}

/** What of a holder is alive. After a reboot nothing is. */
async function liveOf(holder: SlotHolder): Promise<'controller' | 'run' | undefined> {
  if (holder.boot_id !== bootId()) return undefined;
  if (isAlive(controllerOf(holder)) && !isLetGo(holder)) return 'controller';
  return (await liveProcesses(holder.run)).length > 0 ? 'run' : undefined;
}

/** This process gave the slot up, whatever the record says. */
function isLetGo({ pid, run }: SlotHolder): boolean {
  return pid === process.pid && !held.has(run);
}

function controllerOf(holder: SlotHolder): ProcessIdentity {
  return { pid: holder.pid, startTime: holder.start_time, bootId: holder.boot_id };
}

async function releaseSlot(files: SlotFiles, holder: SlotHolder, unlock: () => Promise<void>): Promise<void> {
  held.delete(holder.run);
  await sweep(holder.run);
  if ((await liveProcesses(holder.run)).length > 0) {
    // Unkillable: the slot stays taken until they are gone, by the run and no longer by this controller.
    await alone(files, () => writeHolder(files, { ...holder, pid: 0 }));
    return;
  }
  await alone(files, async () => {
    const now = await readHolder(files);
    if (now?.run !== holder.run || now.pid !== holder.pid || now.start_time !== holder.start_time) return;
    await rm(files.record, { force: true });
    await unlock().catch((error: unknown) => {
      if (!isErrno(error, 'ERELEASED') && !isErrno(error, 'ENOTACQUIRED')) throw error;
    });
    await rm(files.lockFolder, { recursive: true, force: true });
  });
}

async function readHolder(files: SlotFiles): Promise<SlotHolder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(files.record, 'utf8'));
    return isHolder(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isHolder(value: unknown): value is SlotHolder {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, start_time, boot_id, run } = value as Partial<SlotHolder>;
  return (
    Number.isInteger(pid) && Number.isInteger(start_time) && typeof boot_id === 'string' && typeof run === 'string'
  );
}

async function writeHolder(files: SlotFiles, holder: SlotHolder): Promise<void> {
  const draft = `${files.record}.new`;
  await writeFile(draft, `${JSON.stringify(holder, null, 2)}\n`, { mode: 0o600, flush: true });
  await rename(draft, files.record);
}

/**
 * Runs the body while no other process runs it for the same state folder. The mutex is SQLite's file lock, which the
 * kernel drops when its holder dies: unlike a lock file, it can be neither stale nor taken from a live holder.
 */
async function alone<T>(files: SlotFiles, body: () => Promise<T>): Promise<T> {
  const database = new Database(files.mutex, { timeout: 0 });
  try {
    await beginExclusive(database);
    return await body();
  } finally {
    database.close(); // ends the transaction, and with it the lock
  }
}

async function beginExclusive(database: Database.Database): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  for (;;) {
    try {
      database.exec('BEGIN EXCLUSIVE');
      return;
    } catch (error) {
      const isBusy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
      if (!isBusy || performance.now() > giveUpAt) throw error;
      await delay(5);
    }
  }
}
