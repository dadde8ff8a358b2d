import { expect, it } from 'vitest';
import type { HistoryReport } from '../../../src/pool/history-report.ts';
import { ask, served } from './fake-controller.ts';

const report: HistoryReport = {
  range: '24h',
  bucket_seconds: 60,
  from: '2026-01-01T00:00:00.000Z',
  nodes: { webbox1: { ping: [{ at: '2026-01-01T10:00:00.000Z', ok: 1, failed: 0, unknown: 0, latency_ms: null }] } },
};

it('/v1/history tells what was measured, of the range and the node that were asked for', async () => {
  const asked: unknown[] = [];
  const { url } = await served({
    history: (...given) => {
      asked.push(given);
      return report;
    },
  });
  const answer = await ask(url, '/v1/history');
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(JSON.parse(answer.text)).toEqual(report);
  await ask(url, '/v1/history?range=30d&node=webbox1');
  expect(asked).toEqual([
    ['24h', undefined],
    ['30d', 'webbox1'],
  ]);
});

it('/v1/history refuses what is no range, and what is too much', async () => {
  const { url } = await served({ history: () => undefined });
  const wrong = await ask(url, '/v1/history?range=1y');
  expect([wrong.status, JSON.parse(wrong.text)]).toMatchObject([400, { detail: 'range: expected 1h, 24h, 7d, 30d.' }]);
  expect((await ask(url, '/v1/history?node=../x')).status).toBe(400);
  const much = await ask(url, '/v1/history?range=30d');
  expect([much.status, much.text]).toEqual([400, expect.stringContaining('node=NAME')]);
});

it('/metrics is text of the version that Prometheus asks for', async () => {
  const { url } = await served({ metrics: async () => 'regrow_nodes 3\n' });
  const answer = await ask(url, '/metrics');
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.text).toBe('regrow_nodes 3\n');
});
