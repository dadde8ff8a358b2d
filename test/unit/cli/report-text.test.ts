import { describe, expect, it } from 'vitest';
import { styleFor } from '../../../src/cli/output.ts';
import type { Look } from '../../../src/cli/look.ts';
import { reportText } from '../../../src/cli/report-text.ts';
import { reportStates, type NodeReport } from '../../../src/pool/report.ts';
import { healthyCheck, nodeReport, poolReport } from '../http/sample-report.ts';

const plain: Look = { style: styleFor(false), isUnicode: true, columns: undefined };
const long = 'max_unhealthy: 4 of 9 nodes are unhealthy, and at most a minority may be; nothing is rebuilt until then';
const rowOf = (node: Partial<NodeReport>, look = plain): string =>
  reportText(poolReport({ nodes: [nodeReport('web1', node)] }), look).split('\n')[1] ?? '';

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
    expect(rowOf({ checks: [check(3, 10), check(2, 3), check(0, 1)] })).toContain(' 2/3 ');
    expect(rowOf({ checks: [check(0, 3)] })).not.toContain('/');
  });

  it('has the reasons beside the rest where they have room, wrapped into their column', () => {
    const report = poolReport({ nodes: [nodeReport('web1', { why: long }), nodeReport('web2')] });
    expect(reportText(report, plain)).toContain(`-        ${long}\n`);
    const lines = reportText(report, { ...plain, columns: 120 }).split('\n');
    expect(lines[0]).toMatch(/COUNTER {2}WHY$/);
    const column = lines[0]?.indexOf('WHY') ?? 0;
    expect(lines.slice(1, 3).map((line) => line.slice(column))).toEqual([
      'max_unhealthy: 4 of 9 nodes are unhealthy, and at most a minority',
      'may be; nothing is rebuilt until then',
    ]);
    expect(lines[2]?.slice(0, column).trim()).toBe('');
  });

  it('has each reason below its node where there is no room', () => {
    const report = poolReport({ nodes: [nodeReport('web1', { why: long }), nodeReport('web2')] });
    const text = reportText(report, { ...plain, columns: 80 });
    const lines = text.split('\n');
    expect(lines[0]).not.toContain('WHY');
    expect(lines[1]).toMatch(/^web1 /);
    expect(lines[2]).toMatch(/^ {2}└ max_unhealthy: /);
    expect(lines[3]).toMatch(/^ {4}\S/);
    expect(lines[4]).toMatch(/^web2 /);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('shows control characters of data instead of obeying them', () => {
    const text = reportText(poolReport({ nodes: [nodeReport('web1', { why: 'a\u001b[31mb\nc' })] }), plain);
    expect(text).toContain('a\\x1b[31mb\\x0ac');
  });
});

describe('what concerns the pool as a whole', () => {
  it('is said below: pauses, a vCenter that is not read, a conflict', () => {
    const text = reportText(
      poolReport({
        nodes: [nodeReport('web1'), nodeReport('web2', { paused: true, state: 'unknown' })],
        pauses: [{ scope: 'node/web2', until: null, reason: 'disk', by: 'alice', at: '2026-01-01T00:00:00.000Z' }],
        discovery: { ok: false, at: null, error: 'login refused' },
        membership: { version: 2, by: 'web1', conflict: 'web2 has another list' },
      }),
      plain,
    );
    expect(text).toContain('○ unknown (paused)');
    expect(text.slice(text.indexOf('\n\n') + 2).split('\n')).toEqual([
      '1 of 2 nodes of web healthy',
      'vCenter was not read yet; controller webbox1, version 0.1.0, up 2 h 00 m',
      'vCenter cannot be read: login refused',
      'membership conflict: web2 has another list',
      'paused: web2 until it is resumed, by alice: disk',
      '',
    ]);
  });
});
