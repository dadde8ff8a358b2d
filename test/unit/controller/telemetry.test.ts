import { expect, it, onTestFinished } from 'vitest';
import { openJournal } from '../../../src/store/journal.ts';
import { startPrometheus } from '../http/metrics/prometheus.ts';
import { daemon } from './daemon.ts';

it('a daemon is scraped by a real Prometheus, and keeps what it measured over its end', async () => {
  const { controller, url, stateDir } = await daemon();
  const ended = { by: (): Promise<void> => controller.stop() };
  onTestFinished(() => ended.by());
  const prometheus = await startPrometheus(new URL(url).host, []);
  const own = await prometheus.eventually('regrow_check_results_total{node="web1",check="service",result="ok"} > 0');
  expect(own).toHaveLength(1);
  // Nobody knows where web2 is.
  expect(await prometheus.eventually('regrow_check_results_total{node="web2",result="unknown"} > 0')).toHaveLength(1);
  expect(await prometheus.eventually('regrow_node_state{node="web2",state="unknown"} == 1')).toHaveLength(1);
  expect(await prometheus.eventually('regrow_schedule_slip_seconds_count > 0')).toHaveLength(1);
  expect(await prometheus.eventually('regrow_discovery_up == 0')).toHaveLength(1);
  expect(await prometheus.eventually('regrow_build_info{version="9.9.9"}')).toHaveLength(1);

  const history: unknown = await (await fetch(`${url}/v1/history?range=1h`)).json();
  const some = (bucket: object): unknown => expect.arrayContaining([expect.objectContaining(bucket)]);
  expect(history).toMatchObject({
    range: '1h',
    bucket_seconds: 60,
    nodes: { web1: { service: some({ failed: 0 }) }, web2: { ssh: some({ ok: 0, failed: 0, latency_ms: null }) } },
  });
  await controller.stop();
  ended.by = async () => undefined;
  const journal = openJournal(stateDir);
  onTestFinished(() => journal.close());
  const kept = journal.history.list({ seconds: 86_400, from: 0, to: 1e11 });
  const names = new Set(kept.map(({ node, check }) => `${node}/${check}`));
  expect([...names].toSorted()).toEqual(['web1/service', 'web2/ssh', 'web3/ssh']);
}, 60_000);
