import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, temporaryJournal } from './folders.ts';
import { Child, compileStore, nodeCommand } from './processes.ts';

let compiled = '';
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'regrow-store-compiled-'));
  compiled = compileStore(folder);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a run, its transition and an event for each n, and prints n only when the journal has acknowledged all three. */
const writer = (count: number) => `
  import { writeSync } from 'node:fs';
  import { openJournal } from ${JSON.stringify(compiled)};
  const [, stateDir, name] = process.argv;
  const journal = openJournal(stateDir);
  for (let n = 0; n < ${count}; n += 1) {
    const id = name + String(n).padStart(6, '0');
    journal.runs.insert({ id, node: name, kind: 'rebuild', trigger: 't', builder: 'b', reason: null, force: false, started_at: 'x' });
    journal.runs.transition(id, 'running', { step: 'fence' });
    journal.events.append({ at: 'x', run: id, type: 'begun', data: { text: 'y'.repeat(500) } });
    writeSync(1, n + '\\n');
  }
  journal.close();`;

describe('kill -9 in the middle of writes', () => {
  it('keeps every acknowledged row, whole, at whatever moment it strikes', async () => {
    const state = join(temporaryFolder(), 'state');
    for (const [round, enough] of [3, 40, 111, 260].entries()) {
      const name = `r${round}`;
      const child = new Child(nodeCommand(writer(1_000_000), state, name));
      await child.printed(enough);
      child.process.kill('SIGKILL');
      expect((await child.ended).signal).toBe('SIGKILL');

      const acknowledged = child.lines().length;
      const journal = temporaryJournal(state);
      const runs = journal.runs.list({ node: name, limit: 1_000_000 });
      expect(runs.length).toBeGreaterThanOrEqual(acknowledged);
      expect(runs.length).toBeLessThanOrEqual(acknowledged + 1);
      const known = runs.slice(-acknowledged);
      expect(known.every((run) => run.state === 'running' && run.step === 'fence')).toBe(true);
      const begun = new Set(journal.events.list({ limit: 1_000_000 }).map((event) => event.run));
      expect(known.filter((run) => !begun.has(run.id))).toEqual([]);
    }
  });
});

describe('several processes at once', () => {
  it('make the file together, and each keeps all of its rows', async () => {
    const state = join(temporaryFolder(), 'state');
    const names = ['a', 'b', 'c', 'd'];
    const children = names.map((name) => new Child(nodeCommand(writer(60), state, name)));
    for (const child of children) expect(await child.ended, child.stderr()).toEqual({ code: 0, signal: null });
    const { runs, events } = temporaryJournal(state);
    for (const node of names) expect(runs.list({ node, limit: 1000 })).toHaveLength(60);
    expect(events.list({ limit: 1000 })).toHaveLength(240);
  });

  it('wait for one another, and say who is to blame when it takes too long', () => {
    const state = join(temporaryFolder(), 'state');
    const journal = temporaryJournal(state);
    const other = new Sqlite(journal.path);
    other.exec('BEGIN IMMEDIATE');
    expect(() => journal.events.append({ at: 't', type: 'x', data: {} })).toThrow(
      expect.objectContaining({ code: 'JOURNAL_UNUSABLE', message: expect.stringContaining('busy') }),
    );
    expect(journal.events.list()).toEqual([]);
    other.exec('ROLLBACK');
    other.close();
    expect(journal.events.append({ at: 't', type: 'x', data: {} })).toBe(1);
  });
});

/** Fills the file system, prints the fault, makes room, writes again. */
const filler = () => `
  import { rmSync, writeFileSync } from 'node:fs';
  import { openJournal } from ${JSON.stringify(compiled)};
  const [, stateDir, ballast] = process.argv;
  writeFileSync(ballast, Buffer.alloc(512 * 1024));
  const journal = openJournal(stateDir);
  let written = 0;
  try {
    for (;;) { journal.events.append({ at: 'x', type: 'fill', data: { text: 'y'.repeat(2000) } }); written += 1; }
  } catch (error) {
    console.log(JSON.stringify({ code: error.code, message: error.message, remedy: error.remedy, written }));
  }
  rmSync(ballast);
  console.log(JSON.stringify({ kept: journal.events.list({ limit: 100000 }).length }));
  console.log(JSON.stringify({ id: journal.events.append({ at: 'x', type: 'again', data: {} }) }));
  journal.close();`;

describe('a disk that takes no more', () => {
  it('is a fault that says where to look, and loses nothing that was acknowledged', async () => {
    const place = temporaryFolder();
    const state = join(place, 'state');
    const limited = ['bash', '-c', 'ulimit -f 3000; exec "$@"', 'bash'] as const;
    const child = new Child([...limited, ...nodeCommand(filler(), state, join(place, 'ballast'))]);
    await child.printed(2);
    await child.ended;
    const [fault, kept] = child.lines().map((line): Record<string, unknown> => JSON.parse(line));
    expect(fault).toMatchObject({ code: 'JOURNAL_UNUSABLE', remedy: expect.stringContaining('ulimit -f') });
    expect(fault?.['written']).toBeGreaterThan(100);
    // The write that failed may be in the file all the same: what failed can have been what came after it.
    const written = Number(fault?.['written']);
    expect([written, written + 1]).toContain(kept?.['kept']);
    expect([written, written + 1]).toContain(temporaryJournal(state).events.list({ limit: 100_000 }).length);
  });
});

describe('a full disk', () => {
  it.skipIf(!canMount())(
    'is a fault with a remedy, loses nothing, and the journal goes on when there is room',
    async () => {
      const mount = join(temporaryFolder(), 'small');
      mkdirSync(mount);
      const script = 'mount -t tmpfs -o size=3m none "$0" && exec "$@"';
      const node = nodeCommand(filler(), join(mount, 'state'), join(mount, 'ballast'));
      const child = new Child(['unshare', '-m', 'sh', '-c', script, mount, ...node]);
      expect(await child.ended, child.stderr()).toEqual({ code: 0, signal: null });
      const [fault, kept, again] = child.lines().map((line): Record<string, unknown> => JSON.parse(line));
      expect(fault).toMatchObject({
        code: 'JOURNAL_UNUSABLE',
        message: expect.stringContaining('full'),
        remedy: expect.stringContaining('Free space'),
      });
      expect(fault?.['written']).toBeGreaterThan(100);
      expect(kept).toEqual({ kept: fault?.['written'] });
      expect(again?.['id']).toBeGreaterThan(Number(fault?.['written']));
      expect(existsSync(join(mount, 'state'))).toBe(false);
    },
  );
});

/** A file system of its own needs the right to mount; without it the test is shown as skipped. */
function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
