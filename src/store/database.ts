import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { RegrowError } from '../errors.ts';
import { journalFault } from './fault.ts';
import { applicationId, migrate, migrations, schemaVersion } from './migrations.ts';

/** How long one process waits for another one's write before it gives up, in milliseconds. */
const busyTimeoutMs = 5_000;

/** The journal's file as the tables see it: every fault that leaves it is a RegrowError. */
export interface StoreDatabase {
  readonly path: string;
  readonly prepare: Database['prepare'];
  read<T>(work: () => T): T;
  /** One transaction: when it returns, everything in it is on the disk; when it throws, nothing is. */
  write<T>(work: () => T): T;
  /** The same for what can be done later: while another process writes it throws at once, instead of holding up this one. */
  writeAtOnce<T>(work: () => T): T;
  /** What the file and its write-ahead log take on the disk. */
  sizeBytes(): number;
  /** Changes when another connection has written (SQLite's data_version). */
  foreignVersion(): number;
  close(): void;
}

/** Where the journal of a state_dir lies. */
export function journalPath(stateDir: string): string {
  return join(stateDir, 'regrow.db');
}

/** Opens or makes the journal's file (0600 in a 0700 folder), checks that it is ours and sound, and brings its schema up to date. */
export function openDatabase(stateDir: string): StoreDatabase {
  const path = journalPath(stateDir);
  return guarded(path, () => {
    prepareFiles(stateDir, path);
    const database = new Sqlite(path, { timeout: busyTimeoutMs });
    try {
      mustBeOurs(database, path);
      enterWal(database);
      database.pragma('synchronous = FULL');
      database.pragma('trusted_schema = OFF');
      migrate(database);
      mustBeSound(database, path);
    } catch (error) {
      database.close();
      throw error;
    }
    return storeDatabase(database, path);
  });
}

function storeDatabase(database: Database, path: string): StoreDatabase {
  return {
    path,
    prepare: database.prepare.bind(database),
    read: (work) => guarded(path, work),
    write: (work) => guarded(path, () => (database.inTransaction ? work() : database.transaction(work).immediate())),
    writeAtOnce: (work) =>
      guarded(path, () => {
        database.pragma('busy_timeout = 0');
        try {
          return database.transaction(work).immediate();
        } finally {
          database.pragma(`busy_timeout = ${busyTimeoutMs}`);
        }
      }),
    sizeBytes: () =>
      guarded(path, () =>
        [path, `${path}-wal`].reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0),
      ),
    foreignVersion: () => guarded(path, () => Number(database.pragma('data_version', { simple: true }))),
    close: () => {
      database.close();
    },
  };
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw journalFault(path, error);
  }
}

function prepareFiles(stateDir: string, path: string): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  keepFolderPrivate(stateDir, path);
  if (!existsSync(path)) {
    closeSync(openSync(path, 'a', 0o600));
    const folder = openSync(stateDir, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }
  // SQLite gives its -wal and -shm files the mode of the database file.
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(file) && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  }
}

/** Closes a folder that is ours; refuses one that is everybody's, such as /tmp, instead of closing it for everybody. */
function keepFolderPrivate(stateDir: string, path: string): void {
  const { mode } = statSync(stateDir);
  if ((mode & 0o077) === 0) return;
  const isOurs = existsSync(path) || readdirSync(stateDir).length === 0;
  if (isOurs && (mode & 0o1000) === 0) {
    chmodSync(stateDir, 0o700);
    return;
  }
  if ((mode & 0o002) === 0) return;
  throw new RegrowError('JOURNAL_UNUSABLE', `${stateDir} is open to every user and holds other things`, {
    facts: { state_dir: stateDir },
    remedy: 'Set state_dir to a folder of its own, for example /var/lib/regrow.',
  });
}

function mustBeOurs(database: Database, path: string): void {
  const version = schemaVersion(database);
  const mark = Number(database.pragma('application_id', { simple: true }));
  if (mark !== applicationId) {
    const tables = Number(database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get());
    if (mark === 0 && version === 0 && tables === 0) return;
    throw new RegrowError('JOURNAL_UNUSABLE', `${path} is another program's database`, {
      facts: { path },
      remedy: `Move ${path} away, or set state_dir to a folder of regrow's own.`,
    });
  }
  if (version > migrations.length) {
    throw new RegrowError('JOURNAL_UNUSABLE', `${path} was written by a newer regrow`, {
      facts: { path, schema: version, newest_known: migrations.length },
      remedy: 'Install the newer regrow again; an older one cannot read its journal.',
    });
  }
}

/** Switching to WAL needs the file alone for a moment, and SQLite's busy timeout does not cover it. */
function enterWal(database: Database): void {
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      if (database.pragma('journal_mode = WAL', { simple: true }) === 'wal') return;
      throw new Sqlite.SqliteError('This file system cannot hold a write-ahead log', 'SQLITE_PROTOCOL');
    } catch (error) {
      const isBusy = error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
      if (!isBusy || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function mustBeSound(database: Database, path: string): void {
  const verdict = String(database.pragma('quick_check(1)', { simple: true }));
  if (verdict === 'ok') return;
  throw journalFault(path, new Sqlite.SqliteError(verdict, 'SQLITE_CORRUPT'));
}
