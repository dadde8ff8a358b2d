import { describe, expect, it } from 'vitest';
import { styleFor } from '../../../src/cli/output.ts';
import type { Look } from '../../../src/cli/look.ts';
import { reportText } from '../../../src/cli/report-text.ts';
import { reportStates, type NodeReport, type PoolReport } from '../../../src/pool/report.ts';
import { healthyCheck, nodeReport, poolReport } from '../http/sample-report.ts';

const plain: Look = { style: styleFor(false), isUnicode: true, columns: undefined };
const long = 'max_unhealthy: 4 of 9 nodes are unhealthy, and at most a minority may be; nothing is rebuilt until then';
/** The lines of the table: between the verdict and who tells it. */
const tableOf = (report: PoolReport, look = plain): readonly string[] =>
  reportText(report, look).split('\n\n')[1]?.split('\n') ?? [];
const rowOf = (node: Partial<NodeReport>, look = plain): string =>
  tableOf(poolReport({ nodes: [nodeReport('web1', node)] }), look)[1] ?? '';

describe('the table of a report', () => {
  it('gives each state a sign of its own, with and without Unicode', () => {
    for (const isUnicode of [true, false]) {
      const signs = reportStates.map((state) => rowOf({ state }, { ...plain, isUnicode }).split(/ +/)[1] ?? '');
      expect(new Set(signs).size).toBe(reportStates.length);
      if (!isUnicode) expect(signs.join('')).toMatch(/^[\x21-\x7e]+$/);
    }
  });

  it.each([
    ['healthy', 32],
    ['suspect', 33],
    ['held', 33],
    ['faulted', 31],
    ['exhausted', 31],
  ] as const)('colours %s by what it means', (state, code) => {
    expect(rowOf({ state }, { ...plain, style: styleFor(true) })).toContain(`\u001b[${code}m`);
  });

  it('counts the check that is nearest to its verdict', () => {
    const check = (failures: number, of: number) => ({ ...healthyCheck, failures, of });
    expect(rowOf({ checks: [check(3, 10), check(2, 3), check(0, 1)] })).toMatch(/ 2\/3$/);
    expect(rowOf({ checks: [check(0, 3)] })).toMatch(/ -$/);
  });

  it('has the reasons beside the rest where they have room, wrapped into their column', () => {
    const report = poolReport({ nodes: [nodeReport('web1', { state: 'held', why: long }), nodeReport('web2')] });
    expect(tableOf(report)[1]).toMatch(new RegExp(`  ${long}$`));
    const lines = tableOf(report, { ...plain, columns: 120 });
    expect(lines[0]).toMatch(/FAILED {2}WHY$/);
    const column = lines[0]?.indexOf('WHY') ?? 0;
    const reason = lines.slice(1, 3).map((line) => line.slice(column));
    expect(reason.join(' ')).toBe(long);
    expect(reason.every((line) => line !== '')).toBe(true);
    expect(lines[2]?.slice(0, column).trim()).toBe('');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it('has the reason below its node where there is no room, and none below a healthy one', () => {
    const why = 'its check passes, and has passed at every look';
    const nodes = [nodeReport('web1', { state: 'held', why: long }), nodeReport('web2', { why })];
    const lines = tableOf(poolReport({ nodes }), { ...plain, columns: 80 });
    expect(lines[0]).not.toContain('WHY');
    expect(lines[1]).toMatch(/^web1 /);
    expect(lines[2]).toMatch(/^ {2}└ max_unhealthy: /);
    expect(lines[3]).toMatch(/^ {4}\S/);
    expect(lines[4]).toMatch(/^web2 /);
    expect(lines).toHaveLength(5);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('has those first that are not healthy, and the others in the order of the pool', () => {
    const nodes = [nodeReport('b'), nodeReport('a'), nodeReport('z', { state: 'suspect' })];
    expect(tableOf(poolReport({ nodes })).map((line) => line[0])).toEqual(['N', 'z', 'b', 'a']);
  });

  it('counts the healthy nodes for which a terminal is too low, and never hides another', () => {
    const nodes = Array.from({ length: 50 }, (_, index) => nodeReport(`web${index}`));
    const failing = nodes.slice(0, 30).map((node) => ({ ...node, state: 'faulted' as const, why: 'ping failed' }));
    const low = { ...plain, columns: 120, rows: 24 };
    const text = reportText(poolReport({ nodes }), low).split('\n');
    expect(text.length).toBeLessThan(24);
    expect(text.join('\n')).toMatch(/\nand \d+ healthy nodes, for which the terminal is too low\n/);
    expect(tableOf(poolReport({ nodes: [...nodes.slice(30), ...failing] }), low)).toEqual([
      expect.stringMatching(/^NODE/),
      ...failing.map(({ name }) => expect.stringMatching(new RegExp(`^${name} `))),
      'and 20 healthy nodes, for which the terminal is too low',
    ]);
    expect(tableOf(poolReport({ nodes }))).toHaveLength(51);
  });

  it('tells the last run, too, where there is room for it', () => {
    const run = { id: 'r1', kind: 'rebuild', state: 'done', outcome: 'rebuilt', class: null, gate: null, step: null };
    const last = { ...run, started_at: '2026-01-01T06:00:00.000Z', ended_at: '2026-01-01T07:00:00.000Z' };
    const report = poolReport({ nodes: [nodeReport('web1', { last_run: last })] });
    expect(tableOf(report, { ...plain, columns: 200 })[1]).toContain('rebuilt 3 h ago');
    expect(tableOf(report, { ...plain, columns: 100 })[1]).not.toContain('rebuilt');
  });

  it('shows control characters of data instead of obeying them', () => {
    const text = reportText(poolReport({ nodes: [nodeReport('web1', { why: 'a\u001b[31mb\nc' })] }), plain);
    expect(text).toContain('a\\x1b[31mb\\x0ac');
  });
});

describe('what concerns the pool as a whole', () => {
  const troubled = poolReport({
    nodes: [nodeReport('web1'), nodeReport('web2', { paused: true, state: 'unknown' })],
    pauses: [{ scope: 'node/web2', until: null, reason: 'disk', by: 'alice', at: '2026-01-01T00:00:00.000Z' }],
    discovery: { ok: false, at: null, error: 'login refused' },
    membership: { version: 2, by: 'web1', conflict: 'web2 has another list' },
  });

  it('is said first: the verdict, pauses, a vCenter that is not read, a conflict', () => {
    const [first = '', table = '', last = ''] = reportText(troubled, plain).split('\n\n');
    expect(first.split('\n')).toEqual([
      '1 of 2 nodes of web healthy; web2 is unknown',
      'paused: web2 until it is resumed, by alice: disk',
      'vCenter cannot be read: login refused',
      'membership conflict: web2 has another list',
    ]);
    expect(table).toContain('○ unknown (paused)');
    expect(last.split('\n')).toEqual([
      'vCenter was not read yet; controller webbox1, version 0.1.0, up 2 h 00 m',
      'Every gate and check: regrow explain web2',
      '',
    ]);
  });

  it('names three nodes, and counts the others', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e'].map((name) => nodeReport(name, { state: 'faulted' }));
    const [verdict] = reportText(poolReport({ nodes }), plain).split('\n');
    expect(verdict).toBe('0 of 5 nodes of web healthy; a is faulted; b is faulted; c is faulted; and 2 more');
  });

  it('says how to follow the rebuild that this machine does', () => {
    const fault = { opened_at: '2026-01-01T09:59:00.000Z', attempts: 1, checks: ['ping'], run: '0run' };
    const text = reportText(poolReport({ nodes: [nodeReport('web1', { state: 'remediating', fault })] }), plain);
    expect(text).toContain('\nThe rebuild, live: regrow logs -f 0run\n');
  });

  it('needs no hint when all is well', () => {
    expect(reportText(poolReport(), plain)).not.toContain('explain');
  });

  it('stays within the terminal', () => {
    const reason = 'a very long reason that somebody typed at night and that does not fit into any line at all, ever';
    const pauses = [{ ...troubled.pauses[0], scope: 'pool', until: null, reason, by: 'alice', at: '' }];
    const lines = reportText({ ...troubled, pauses }, { ...plain, columns: 80 }).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

describe('the images of the pool', () => {
  const older = { version: 'aaa', made_at: '2026-01-01T10:00:00.000Z', problem: null, controllers: ['webbox3'] };
  const newest = {
    version: 'bbb',
    made_at: '2026-01-02T10:00:00.000Z',
    problem: null,
    controllers: ['webbox1', 'webbox2'],
  };

  it('are told beside the controller when all carry the same, and above the table who carries an older one', () => {
    const same = reportText(poolReport({ images: [{ ...newest, newest: true }] }), plain);
    expect(same).toMatch(/; image bbb of 2026-01-02 \d\d:00:00$/m);
    const images = [
      { ...newest, newest: true },
      { ...older, newest: false },
    ];
    const text = reportText(poolReport({ images }), plain);
    expect(text.split('\n\n')[0]).toMatch(
      /^webbox3 has the older image aaa of .*; the newest is bbb of .*: regrow sync$/m,
    );
    expect(text).not.toContain('; image ');
  });
});
