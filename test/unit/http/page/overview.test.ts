import { describe, expect, it } from 'vitest';
import { loadAssets } from '../../../../src/http/page/assets.ts';
import { DrawnHistory } from '../../../../src/http/page/drawn-history.ts';
import { overviewPage, type Overview } from '../../../../src/http/page/overview-page.ts';
import * as samples from '../../../fakes/page-samples.ts';

const assets = loadAssets();
const pageOf = (more: Partial<Overview> & Pick<Overview, 'report'>): string =>
  overviewPage(
    {
      history: new DrawnHistory(samples.sampleHistory(more.report)),
      runs: [samples.runningRun, samples.failedRun],
      faults: samples.sampleFaults,
      lastEvent: 7,
      ...more,
    },
    assets,
  );

/** What a reader without a script gets to see, as text. */
function textOf(page: string): string {
  return page
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

describe('the status page', () => {
  it('tells who carries an older image, and nothing of images when all carry the same', () => {
    const newest = { version: 'bbb', made_at: '2026-01-02T10:00:00.000Z', problem: null, newest: true };
    const older = { ...newest, version: 'aaa', made_at: '2026-01-01T10:00:00.000Z', newest: false };
    const pool = samples.healthyPool();
    const same = { ...pool, images: [{ ...newest, controllers: ['webbox1', 'webbox2', 'webbox3'] }] };
    expect(textOf(pageOf({ report: same }))).not.toContain('image');
    const images = [
      { ...newest, controllers: ['webbox1', 'webbox2'] },
      { ...older, controllers: ['webbox3'] },
    ];
    expect(textOf(pageOf({ report: { ...pool, images } }))).toContain('webbox3 has the older image aaa');
  });

  it('tells state, why and history without a script', () => {
    const text = textOf(pageOf({ report: samples.failingPool() }));
    expect(text).toContain('webbox3 is being rebuilt');
    expect(text).toContain('ping failed; rebuilding it');
    expect(text).toContain('1 of 1 rebuilds in use');
    expect(text).toContain('acts by itself');
    expect(text).toContain('3/3 no answer within 15 s');
    expect(text).toContain('webbox2 unhealthy');
    expect(text).toContain('detected decided +6.0 s fenced +6.0 s deployed +10 s booted +4.0 s load 5.0 s');
    expect(text).toContain('rebuild of webbox2 failed: no_capacity');
    expect(text).toContain('last 1h, 60 bars of 1 min: failed in 1, failed at times in 1, nobody looked in 3');
    expect(text).toContain('43 % used');
  });

  it('tells of pauses, of the storm brake, and of a vCenter that cannot be read', () => {
    const report = {
      ...samples.healthyPool(),
      pauses: [{ scope: 'pool', until: null, reason: 'new switch', by: 'alice', at: samples.before(60) }],
      storm: { since: samples.before(90), reason: '3 nodes failed within 5 min' },
      discovery: { ok: false, at: samples.before(300), error: 'login refused' },
    };
    const text = textOf(pageOf({ report }));
    expect(text).toContain('The pool is paused until it is resumed, by alice: new switch.');
    expect(text).toMatch(/Storm brake since .*: 3 nodes failed within 5 min/);
    expect(text).toContain('vCenter cannot be read : login refused');
    expect(text).toContain('Resume the pool');
  });

  it('shows first what fails, worst first', () => {
    const nodes = [
      samples.sampleNode(1),
      samples.sampleNode(2, { state: 'suspect' }),
      samples.sampleNode(3, { state: 'exhausted', why: 'given up' }),
    ];
    const page = pageOf({ report: samples.sampleReport(nodes) });
    expect([...page.matchAll(/id="node-(\w+)"/g)].map(([, name]) => name)).toEqual(['webbox3', 'webbox2', 'webbox1']);
    expect(textOf(page)).toContain('2 of 3 nodes are not healthy');
    expect(textOf(page)).toContain('1 in need of a person, 1 suspect. webbox3: given up');
  });

  it('lets no data become marks of its own', () => {
    const evil = '"><img src=x onerror=alert(1)>\'</script><script>alert(2)</script>\u0000\u001b[2J';
    const check = samples.sampleCheck(evil, { last: { status: 'failed', at: evil, latency_ms: null, detail: evil } });
    const node = samples.sampleNode(3, {
      ...samples.rebuildingNode,
      why: evil,
      address: evil,
      moid: evil,
      instance_uuid: evil,
      since: evil,
      power: evil,
      checks: [check],
      gates: [{ gate: evil, holds: true, message: evil, facts: {} }],
      decided_at: evil,
    });
    const report = {
      ...samples.sampleReport([node]),
      pool: evil,
      controller: { name: evil, node: evil, version: evil, started_at: evil },
      pauses: [{ scope: evil, until: evil, reason: evil, by: evil, at: evil }],
      storm: { since: evil, reason: evil },
    };
    const page = pageOf({
      report,
      runs: [{ ...samples.failedRun, kind: evil, node: evil, class: evil, by: evil, step: evil }],
      faults: [{ node: evil, opened_at: evil, closed_at: evil, reason: evil }],
    });
    const body = page.slice(page.indexOf('<body>')).replace(assets.script, '');
    expect(body).not.toMatch(/<img|onerror=alert\(1\)>|<script>alert/);
    expect(body.match(/<script>/g)).toHaveLength(1);
    expect(page).not.toContain('\u0000');
    expect(page).not.toContain('\u001b');
  });

  it('weighs less than 60 kB with three nodes, and 600 kB with a thousand', () => {
    const bytes = (report: Overview['report']): number => Buffer.byteLength(pageOf({ report }));
    expect(bytes(samples.failingPool())).toBeLessThan(60_000);
    expect(bytes(samples.largePool(1000))).toBeLessThan(600_000);
  });

  it('loads nothing from elsewhere, and has no style or handler that its policy would forbid', () => {
    const page = pageOf({ report: samples.failingPool() });
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(page).not.toMatch(/ style=| on[a-z]+=/);
    expect(page.match(/ id="([^"]*)"/g)?.length).toBe(new Set(page.match(/ id="([^"]*)"/g)).size);
  });

  it('keeps the versions of what did not change, and only of that', () => {
    const before = versionsOf(pageOf({ report: samples.failingPool() }));
    const turned = samples.failingPool();
    const nodes = turned.nodes.map((node) =>
      node.name === 'webbox3' ? { ...node, why: 'the new VM is verified' } : node,
    );
    const after = versionsOf(pageOf({ report: { ...turned, nodes } }));
    const changed = [...after].filter(([key, version]) => before.get(key) !== version).map(([key]) => key);
    expect(changed).toEqual(['head', 'webbox3', 'list', 'banner']);
  });

  it('says so when nothing ever happened', () => {
    const text = textOf(pageOf({ report: samples.healthyPool(), runs: [], faults: [] }));
    expect(text).toContain('All 3 nodes are healthy');
    expect(text).toContain('Nothing has failed');
  });
});

function versionsOf(page: string): ReadonlyMap<string, string> {
  // Keys of nodes' parts come again in each card: the first one, the failing node's, counts.
  const pairs = [...page.matchAll(/data-key="([^"]*)" data-v="([^"]*)"/g)].map(
    ([, key = '', version = '']) => [key, version] as const,
  );
  return new Map(pairs.toReversed());
}
