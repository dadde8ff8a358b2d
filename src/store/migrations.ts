import type { Database } from 'better-sqlite3';

/** "Rgrw": tells our files from other programs' SQLite files. */
export const applicationId = 0x52_67_72_77;

/**
 * The schema's history: entry n takes a file of version n to version n + 1. An entry that was released is never edited.
 * Columns that hold one word of a list carry no CHECK: a new word must not need a migration.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    node TEXT,
    kind TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    builder TEXT NOT NULL,
    reason TEXT,
    force INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    incident TEXT,
    generation INTEGER,
    outcome TEXT,
    gate TEXT,
    class TEXT,
    step TEXT,
    message TEXT,
    remedy TEXT,
    old_moid TEXT,
    old_uuid TEXT,
    new_moid TEXT,
    new_uuid TEXT,
    address TEXT,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    phases TEXT NOT NULL DEFAULT '[]'
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX runs_by_node ON runs (node, id);
  CREATE INDEX runs_unfinished ON runs (id) WHERE state <> 'done';

  CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    run TEXT,
    node TEXT,
    type TEXT NOT NULL,
    data TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_by_run ON events (run, id) WHERE run IS NOT NULL;
  CREATE INDEX events_by_node ON events (node, id) WHERE node IS NOT NULL;

  CREATE TABLE nodes (
    name TEXT PRIMARY KEY,
    moid TEXT,
    instance_uuid TEXT,
    address TEXT,
    power TEXT,
    connection TEXT,
    heartbeat TEXT,
    certified INTEGER NOT NULL,
    seen_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE observations (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE pauses (
    scope TEXT PRIMARY KEY,
    until TEXT,
    reason TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    node TEXT NOT NULL,
    moid TEXT,
    instance_uuid TEXT,
    opened_at TEXT NOT NULL,
    closed_at TEXT,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX faults_open ON faults (node) WHERE closed_at IS NULL;
  `,
  `
  CREATE TABLE identities (
    name TEXT PRIMARY KEY,
    moid TEXT NOT NULL,
    instance_uuid TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO identities SELECT name, moid, instance_uuid FROM nodes WHERE moid IS NOT NULL AND instance_uuid IS NOT NULL;
  `,
  `
  ALTER TABLE faults ADD COLUMN course TEXT NOT NULL DEFAULT '{"kind":"watching"}';
  ALTER TABLE faults ADD COLUMN acted TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE faults ADD COLUMN unhealthy TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE faults ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE faults ADD COLUMN last_attempt_at TEXT;
  ALTER TABLE identities ADD COLUMN proven_boot TEXT;
  ALTER TABLE identities ADD COLUMN address TEXT;
  ALTER TABLE identities ADD COLUMN address_at TEXT;
  `,
  `
  CREATE TABLE history_series (
    id INTEGER PRIMARY KEY,
    node TEXT NOT NULL,
    check_name TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    UNIQUE (node, check_name)
  ) STRICT;
  CREATE TABLE history (
    seconds INTEGER NOT NULL,
    at INTEGER NOT NULL,
    series INTEGER NOT NULL,
    ok INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    latency_min_us INTEGER,
    latency_sum_us INTEGER NOT NULL,
    latency_max_us INTEGER,
    latency_count INTEGER NOT NULL,
    PRIMARY KEY (seconds, at, series)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE notifications (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL,
    key TEXT NOT NULL,
    at TEXT NOT NULL,
    notice TEXT NOT NULL,
    due_at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    message TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at TEXT,
    note TEXT,
    ended_at TEXT
  ) STRICT;
  CREATE INDEX notifications_waiting ON notifications (channel, seq) WHERE state = 'waiting';
  CREATE TABLE notified (one INTEGER PRIMARY KEY CHECK (one = 1), event INTEGER NOT NULL) STRICT;
  INSERT INTO notified SELECT 1, coalesce(max(id), 0) FROM events;
  `,
  `
  ALTER TABLE faults ADD COLUMN approval TEXT;
  CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    answer TEXT,
    at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE faults ADD COLUMN restores TEXT NOT NULL DEFAULT '{}';
  `,
];

/** The version of a file right now. */
export function schemaVersion(database: Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}

/**
 * Brings a file to the newest schema, each step in a transaction of its own. Two processes may do it at once: the lock is taken
 * before the version is read again.
 */
export function migrate(database: Database, steps: readonly string[] = migrations): void {
  for (const [version, step] of steps.entries()) {
    if (schemaVersion(database) > version) continue;
    database
      .transaction(() => {
        if (schemaVersion(database) > version) return;
        database.exec(step);
        database.pragma(`application_id = ${applicationId}`);
        database.pragma(`user_version = ${version + 1}`);
      })
      .immediate();
  }
}
