import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RegrowError } from '../../../src/errors.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { openJournal } from '../../../src/store/journal.ts';
import { migrations } from '../../../src/store/migrations.ts';
import { intent, temporaryFolder, temporaryJournal } from './folders.ts';

describe('the file of the journal', () => {
  it('is 0600 in a 0700 folder, and so are its side files, whatever the umask is', () => {
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const state = join(temporaryFolder(), 'deep/state');
    const journal = temporaryJournal(state);
    journal.runs.insert(intent('a'));
    expect(modeOf(state)).toBe('700');
    expect(['', '-wal', '-shm'].map((suffix) => modeOf(`${journal.path}${suffix}`))).toEqual(['600', '600', '600']);
  });

  it('is closed to others again when somebody opened it', () => {
    const state = join(temporaryFolder(), 'state');
    openJournal(state).close();
    chmodSync(state, 0o755);
    chmodSync(join(state, 'regrow.db'), 0o644);
    temporaryJournal(state);
    expect(modeOf(state)).toBe('700');
    expect(modeOf(join(state, 'regrow.db'))).toBe('600');
  });

  it('is not put into a folder that belongs to everybody', () => {
    const state = temporaryFolder();
    writeFileSync(join(state, 'of-somebody-else'), '');
    chmodSync(state, 0o1777);
    expect(faultOf(state)).toMatchObject({ code: 'JOURNAL_UNUSABLE', remedy: expect.stringContaining('state_dir') });
    expect(modeOf(state)).toBe('1777');
  });

  it('has every commit on the disk before it is acknowledged, and lets readers in beside the writer', () => {
    const database = openDatabase(join(temporaryFolder(), 'state'));
    onTestFinished(() => database.close());
    const fully = 2;
    expect(database.prepare('PRAGMA synchronous').pluck().get()).toBe(fully);
    expect(database.prepare('PRAGMA journal_mode').pluck().get()).toBe('wal');
  });
});

describe('a file that is no journal of ours', () => {
  it('is refused when it is not a database, with the remedy, and left as it was', () => {
    const state = stateWith((path) => writeFileSync(path, 'this is a text file, and quite a long one'.repeat(100)));
    const before = readFileSync(join(state, 'regrow.db'));
    expect(faultOf(state)).toMatchObject({ code: 'JOURNAL_UNUSABLE', remedy: expect.stringContaining('move') });
    expect(readFileSync(join(state, 'regrow.db'))).toEqual(before);
  });

  it("is refused when it is another program's database, and left as it was", () => {
    const state = stateWith((path) => {
      const database = new Sqlite(path);
      database.exec('CREATE TABLE runs (x)');
      database.close();
    });
    const before = readFileSync(join(state, 'regrow.db'));
    expect(faultOf(state).message).toContain("another program's");
    expect(readFileSync(join(state, 'regrow.db'))).toEqual(before);
  });

  it('is refused when a newer regrow wrote it', () => {
    const state = join(temporaryFolder(), 'state');
    openJournal(state).close();
    const database = new Sqlite(join(state, 'regrow.db'));
    database.pragma(`user_version = ${migrations.length + 1}`);
    database.close();
    expect(faultOf(state)).toMatchObject({
      message: expect.stringContaining('newer regrow'),
      facts: { schema: migrations.length + 1, newest_known: migrations.length },
    });
  });

  it('is refused when a page of it was overwritten', () => {
    const state = join(temporaryFolder(), 'state');
    const journal = openJournal(state);
    for (let n = 0; n < 500; n += 1) journal.events.append({ at: 't', type: 'x', data: { text: 'y'.repeat(200) } });
    journal.close();
    const path = join(state, 'regrow.db');
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096 * 8, 4096 * 12);
    writeFileSync(path, bytes);
    expect(faultOf(state)).toMatchObject({ code: 'JOURNAL_UNUSABLE', message: expect.stringContaining('damaged') });
  });

  it('is refused when its tables are gone', () => {
    const state = join(temporaryFolder(), 'state');
    openJournal(state).close();
    const database = new Sqlite(join(state, 'regrow.db'));
    database.exec('DROP TABLE events');
    database.close();
    expect(faultOf(state).message).toContain('no such table: events');
  });

  it('is refused when the path is a folder, or lies below a file', () => {
    expect(faultOf(stateWith((path) => mkdirSync(path))).code).toBe('JOURNAL_UNUSABLE');
    expect(
      faultOf(
        join(
          stateWith((path) => writeFileSync(path, '')),
          'regrow.db',
        ),
      ).code,
    ).toBe('JOURNAL_UNUSABLE');
  });

  it('is taken when it is empty: a first start that was killed leaves such a file', () => {
    const state = stateWith((path) => writeFileSync(path, ''));
    const journal = temporaryJournal(state);
    journal.runs.insert(intent('a'));
    expect(journal.runs.get('a')?.state).toBe('intent');
  });
});

describe('a copy of the journal', () => {
  it('taken with its write-ahead log holds every acknowledged row', () => {
    const journal = temporaryJournal();
    journal.runs.insert(intent('a'));
    const copy = join(temporaryFolder(), 'state');
    mkdirSync(copy);
    for (const suffix of ['', '-wal']) copyFileSync(`${journal.path}${suffix}`, join(copy, `regrow.db${suffix}`));
    expect(temporaryJournal(copy).runs.get('a')?.state).toBe('intent');
  });
});

function stateWith(make: (path: string) => void): string {
  const state = join(temporaryFolder(), 'state');
  mkdirSync(state, { mode: 0o700 });
  make(join(state, 'regrow.db'));
  return state;
}

function faultOf(stateDir: string): RegrowError {
  try {
    openJournal(stateDir).close();
  } catch (error) {
    if (error instanceof RegrowError) return error;
    throw error;
  }
  throw new Error('it was opened');
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}
