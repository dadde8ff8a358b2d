import { describe, expect, it } from 'vitest';
import { explanation } from '../../../src/cli/explain.ts';
import type { Look } from '../../../src/cli/look.ts';
import { styleFor } from '../../../src/cli/output.ts';
import type { GateReport } from '../../../src/pool/report.ts';
import { Machine } from '../cli-read/surroundings.ts';
import { served } from '../http/fake-controller.ts';
import { healthyCheck, nodeReport, poolReport } from '../http/sample-report.ts';

const plain: Look = { style: styleFor(false), isUnicode: true, columns: undefined };
const votes = [
  { observer: 'webbox2', answer: 'unhealthy', ageMs: 1777, latencyMs: 13.4, detail: '' },
  { observer: 'webbox4', answer: 'silent', ageMs: null, latencyMs: null, detail: 'no answer within 3 s' },
];
const gates: readonly GateReport[] = [
  { gate: 'cliff', holds: false, message: '1 of 3 nodes were lost at one time', facts: {} },
  { gate: 'quorum', holds: false, message: '2 of 2 voices needed agree', facts: { votes } },
  { gate: 'confirm', holds: true, message: `a fresh probe ${'does not confirm it '.repeat(5)}`.trim(), facts: {} },
];
const held = nodeReport('webbox3', {
  state: 'held',
  why: `confirm: ${'a fresh probe does not confirm it; '.repeat(4)}`.trim(),
  checks: [
    {
      ...healthyCheck,
      verdict: 'unhealthy',
      failures: 3,
      last: { status: 'failed', at: '2026-01-01T09:59:58.000Z', latency_ms: null, detail: 'no answer' },
    },
  ],
  fault: { opened_at: '2026-01-01T09:59:30.000Z', attempts: 0, checks: ['ping'], run: null },
  gates,
  decided_at: '2026-01-01T09:59:50.000Z',
});
const report = poolReport({ nodes: [nodeReport('webbox1'), held] });

describe('what is explained of a node', () => {
  const text = explanation(held, report, plain);

  it('begins with where it stands and why', () => {
    expect(text.split('\n')[0]).toBe('webbox3 is ‖ held since 60 m ago');
    expect(text.split('\n')[1]).toMatch(/^ {2}confirm: a fresh probe does not/);
  });

  it('names what holds it before the gates, and has those first that hold', () => {
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.startsWith('The gates, asked 10 s ago: held by confirm'));
    expect(lines.slice(at + 2, at + 5).map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
      ['confirm', 'HOLDS'],
      ['cliff', 'pass'],
      ['quorum', 'pass'],
    ]);
  });

  it('tells the facts, each check, and what the others say', () => {
    expect(text).toContain('fault     since 30 s ago, no rebuild yet within the stability window');
    expect(text).toMatch(/^ping +unhealthy +3\/3 +rebuild +failed 2 s ago: no answer$/m);
    expect(text).toMatch(/^webbox2 +unhealthy +measured 1\.8 s before, answered within 13 ms$/m);
    expect(text).toMatch(/^webbox4 +silent +no answer within 3 s$/m);
  });

  it.each([60, 80, 200])('stays within %d columns', (columns) => {
    const lines = explanation(held, report, { ...plain, columns }).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  it('says that nothing is to be decided where there is no fault', () => {
    const healthy = explanation(nodeReport('webbox1'), report, plain);
    expect(healthy).toContain('none open: nothing is to be decided');
    expect(healthy).not.toContain('GATE');
  });

  it('says that the gates were not asked yet', () => {
    const fresh = { ...held, gates: [], decided_at: null };
    expect(explanation(fresh, report, plain)).toContain('The gates were not asked yet');
  });

  it('cannot be moved about by what others say', () => {
    expect(explanation({ ...held, why: 'a\u001b[2Jb' }, report, plain)).toContain('a\\x1b[2Jb');
  });
});

describe('regrow explain', () => {
  it('answers programs with the node of the report, and proposes names for one that is not there', async () => {
    const { url } = await served({ report: () => report });
    const machine = new Machine({ listen: new URL(url).host });
    expect(JSON.parse((await machine.regrow(['explain', 'webbox3', '--json'])).stdout)).toEqual(held);
    expect(await machine.regrow(['explain', 'webbxo3'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('did you mean webbox3?'),
    });
  });
});
