import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { migrate, migrations, schemaVersion } from '../../../src/store/migrations.ts';
import { intent, temporaryFolder, temporaryJournal } from './folders.ts';

/** What a file of each released version held. Entry n belongs to version n + 1; a new version adds its own rows here. */
const oldRows: readonly string[] = [
  `INSERT INTO runs (id, node, kind, "trigger", builder, state, started_at) VALUES ('a', 'webbox1', 'rebuild', 'operator', 'b', 'running', 't');
   INSERT INTO events (at, type, data) VALUES ('t', 'old', '{}');`,
  `INSERT INTO identities (name, moid, instance_uuid) VALUES ('webbox1', 'vm-1', 'uuid-1');`,
  `INSERT INTO faults (node, moid, instance_uuid, opened_at, state, course, acted, unhealthy, abandoned, attempts, last_attempt_at)
   VALUES ('webbox1', 'vm-1', 'uuid-1', 't', 'waiting', '{"kind":"waiting"}', '["ping"]', '["ping"]', 0, 1, 't');
   UPDATE identities SET address = '10.0.0.1', address_at = 't', proven_boot = 'boot';`,
  `INSERT INTO history_series VALUES (1, 'webbox1', 'ping', 0); INSERT INTO history VALUES (60, 0, 1, 1, 0, 0, 5, 5, 5, 1);`,
  `INSERT INTO notifications (channel, key, at, notice, due_at) VALUES ('mail', 'k', 't', '{}', 't');
   UPDATE notified SET event = 1;`,
  `UPDATE faults SET approval = '{"run":"a","answer":"awaited"}';
   INSERT INTO idempotency VALUES ('k', 'POST /', NULL, 't');`,
  `UPDATE faults SET restores = '{"web":1}';`,
];

describe('a file of an older version', () => {
  it.each(migrations.map((_, version) => version))('%i is brought up to date with its rows', (version) => {
    const state = join(temporaryFolder(), 'state');
    mkdirSync(state, { mode: 0o700 });
    const old = new Sqlite(join(state, 'regrow.db'));
    for (const [index, rows] of oldRows.slice(0, version).entries()) {
      migrate(old, migrations.slice(0, index + 1));
      old.exec(rows);
    }
    old.close();

    const journal = temporaryJournal(state);
    journal.runs.insert(intent('z'));
    expect(journal.runs.list().map((run) => run.id)).toEqual(version > 0 ? ['z', 'a'] : ['z']);
  });

  it('has sample rows in this test for every version', () => {
    expect(oldRows).toHaveLength(migrations.length);
  });
});

describe('migrating', () => {
  const steps = ['CREATE TABLE t (a)', `ALTER TABLE t ADD COLUMN b DEFAULT 'new'`, 'CREATE INDEX t_b ON t (b)'];

  it('takes only the steps that are missing, and keeps the rows', () => {
    const database = memory();
    migrate(database, steps.slice(0, 1));
    database.exec('INSERT INTO t VALUES (1)');
    migrate(database, steps);
    migrate(database, steps);
    expect(database.prepare('SELECT * FROM t').all()).toEqual([{ a: 1, b: 'new' }]);
    expect(schemaVersion(database)).toBe(3);
  });

  it('leaves the version before a step that fails, with nothing of the step', () => {
    const database = memory();
    expect(() => migrate(database, [...steps, 'CREATE TABLE half (x); SELECT nonsense'])).toThrow('nonsense');
    expect(schemaVersion(database)).toBe(3);
    expect(database.prepare(`SELECT count(*) FROM sqlite_schema WHERE name = 'half'`).pluck().get()).toBe(0);
  });
});

function memory(): Sqlite.Database {
  const database = new Sqlite(':memory:');
  onTestFinished(() => void database.close());
  return database;
}
