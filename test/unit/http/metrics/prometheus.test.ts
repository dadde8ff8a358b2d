import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { served } from '../fake-controller.ts';
import { eventfulMetrics, familiesOf, fullMetrics } from './full-metrics.ts';
import { startPrometheus } from './prometheus.ts';

const docs = join(import.meta.dirname, '../../../../docs');
const read = (file: string): string => readFileSync(join(docs, file), 'utf8');
const dashboard: unknown = JSON.parse(read('grafana-dashboard.json'));

/** Every expression of the dashboard, with Grafana's variables filled in. */
function expressionsOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'expr'
      ? [
          String(inner)
            .replaceAll('$__rate_interval', '1m')
            .replaceAll(/\$(instance|job)/g, '.*'),
        ]
      : expressionsOf(inner),
  );
}

describe('a real Prometheus', () => {
  it('scrapes a controller, returns its series, understands the alert rules, and has data for every panel of the dashboard', async () => {
    const { metrics, happen } = eventfulMetrics();
    const { url } = await served({ metrics: () => metrics.text() });
    const target = new URL(url).host;
    const prometheus = await startPrometheus(target, [join(docs, 'alert-rules.yml')]);

    const [up] = await prometheus.eventually('up == 1');
    expect(up?.metric).toMatchObject({ job: 'regrow', instance: target });
    expect(
      (await prometheus.eventually('regrow_node_state == 1')).map(({ metric, value }) => [metric, value[1]]),
    ).toEqual([
      [expect.objectContaining({ node: 'webbox2', state: 'healthy' }), '1'],
      [expect.objectContaining({ node: 'webbox3', state: 'held' }), '1'],
    ]);
    const stored = (await prometheus.query('{job="regrow"}')).map(({ metric }) => metric['__name__']);
    const own = familiesOf(await metrics.text()).filter(({ name }) => name.startsWith('regrow_'));
    const expected = own.map(({ name, type }) => (type === 'histogram' ? `${name}_bucket` : name));
    expect(stored).toEqual(
      expect.arrayContaining([...expected, 'process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds']),
    );

    const expressions = expressionsOf(dashboard);
    expect(expressions.length).toBeGreaterThan(20);
    // What is told as a rate shows what happened after the first scrape.
    happen();
    const isEmpty = async (expression: string) => (await prometheus.query(expression)).length === 0;
    const empty = async () => {
      const told = await Promise.all(expressions.map(isEmpty));
      return expressions.filter((_, index) => told[index]);
    };
    await expect.poll(empty, { timeout: 20_000, interval: 500 }).toEqual([]);

    const rules = async () => JSON.stringify(await prometheus.get('/api/v1/rules'));
    await expect.poll(rules, { timeout: 10_000 }).not.toMatch(/"health":"(err|unknown)"/);
    expect(await rules()).toContain('RegrowNodeHeld');
  }, 60_000);
});

describe('the alert rules', () => {
  it.each([
    ['check', 'alert-rules.yml'],
    ['test', 'alert-rules.test.yml'],
  ])('pass promtool %s rules', (command, file) => {
    const { status, stdout, stderr } = spawnSync('promtool', [command, 'rules', join(docs, file)], {
      encoding: 'utf8',
    });
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  it('and the dashboard name no metric that there is not', async () => {
    const known = familiesOf(await fullMetrics().text()).flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    );
    const named = ['alert-rules.yml', 'alert-rules.test.yml', 'grafana-dashboard.json'].flatMap((file) =>
      read(file).match(/\b(regrow|process|nodejs)_\w+/g),
    );
    expect(named.length).toBeGreaterThan(50);
    expect([...new Set(named)].filter((name) => name !== null && !known.includes(name))).toEqual([]);
  });
});
