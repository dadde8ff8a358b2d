import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { reportStates } from '../../../../src/pool/report.ts';
import { intent } from '../../store/folders.ts';
import { nodeReport, poolReport } from '../sample-report.ts';
import { metricsBench, poolFacts, samples } from './metrics-bench.ts';

const at = '2026-01-01T10:00:00.000Z';

describe('measurements', () => {
  it('are counted by result, from 0 on, and timed when they are ok', async () => {
    const { metrics } = metricsBench();
    metrics.measured('webbox2', 'ping', 'ok', 4);
    metrics.measured('webbox2', 'ping', 'failed', 15_000);
    metrics.measured('webbox2', 'ping', 'ok', 30);
    expect(await samples(metrics, 'regrow_check_results_total')).toEqual({
      '{node="webbox2",check="ping",result="ok"}': 2,
      '{node="webbox2",check="ping",result="failed"}': 1,
      '{node="webbox2",check="ping",result="unknown"}': 0,
      '{node="webbox3",check="ping",result="ok"}': 0,
      '{node="webbox3",check="ping",result="failed"}': 0,
      '{node="webbox3",check="ping",result="unknown"}': 0,
    });
    expect(await samples(metrics, 'regrow_check_last_duration_seconds')).toEqual({
      '{node="webbox2",check="ping"}': 0.03,
    });
    expect(await samples(metrics, 'regrow_check_duration_seconds_sum')).toEqual({ '{check="ping"}': 0.034 });
    expect(await samples(metrics, 'regrow_check_duration_seconds_bucket')).toMatchObject({
      '{le="0.001",check="ping"}': 0,
      '{le="0.005",check="ping"}': 1,
      '{le="+Inf",check="ping"}': 2,
    });
    expect(await samples(metrics, 'regrow_watched_checks')).toEqual({ '': 2 });
  });

  it('of a check that is made no more are not told any more', async () => {
    let watched = [
      { node: 'webbox2', name: 'ping' },
      { node: 'webbox3', name: 'web' },
    ];
    const { metrics } = metricsBench({ watched: () => watched });
    for (const { node, name } of watched) metrics.measured(node, name, 'ok', 4);
    expect(await metrics.text()).toMatch(/webbox3/);
    watched = watched.slice(0, 1);
    const text = await metrics.text();
    expect(text).not.toMatch(/webbox3|check="web"/);
    expect(text).toMatch(/regrow_check_results_total\{node="webbox2",check="ping",result="ok"\} 1/);
  });

  it('have their slip', async () => {
    const { metrics } = metricsBench();
    for (const slipMs of [0, 0, 300]) metrics.begun(slipMs);
    expect(await samples(metrics, 'regrow_schedule_slip_seconds_bucket')).toMatchObject({
      '{le="0.25"}': 2,
      '{le="1"}': 3,
    });
  });
});

describe('the pool', () => {
  it('is told by the states of its nodes: each of those that are measured here, and how many of all', async () => {
    const nodes = [nodeReport('webbox1'), nodeReport('webbox2', { state: 'faulted' }), nodeReport('webbox3')];
    let report = poolReport({ nodes });
    const { metrics } = metricsBench({ facts: () => poolFacts({ report }) });
    const states = await samples(metrics, 'regrow_node_state');
    expect(Object.keys(states)).toHaveLength(2 * reportStates.length);
    expect(Object.keys(states).filter((labels) => states[labels] === 1)).toEqual([
      '{node="webbox2",state="faulted"}',
      '{node="webbox3",state="healthy"}',
    ]);
    expect(await samples(metrics, 'regrow_nodes')).toMatchObject({ '{state="healthy"}': 2, '{state="faulted"}': 1 });
    report = poolReport();
    expect(await samples(metrics, 'regrow_nodes')).toMatchObject({ '{state="healthy"}': 3, '{state="faulted"}': 0 });
  });

  it('is not told of by the machine that this controller runs on, though its own checks are', async () => {
    const watched = () => [{ node: 'webbox1', name: 'index' }];
    const { metrics } = metricsBench({ watched });
    metrics.measured('webbox1', 'index', 'ok', 1);
    expect(await samples(metrics, 'regrow_node_state')).toEqual({});
    expect(await samples(metrics, 'regrow_check_results_total')).toMatchObject({
      '{node="webbox1",check="index",result="ok"}': 1,
    });
  });

  it('has holds, faults, pauses, budget and queue', async () => {
    const hold = (gate: string) => ({ gate, message: '' });
    const pause = { until: null, reason: '', by: '', at };
    const nodes = [
      nodeReport('webbox2', { state: 'held', holds: [hold('quorum'), hold('cliff')] }),
      nodeReport('webbox3', { state: 'held', holds: [hold('cliff')] }),
    ];
    let facts = poolFacts({
      report: poolReport({
        nodes,
        pauses: ['pool', 'node/webbox2', 'node/webbox3'].map((scope) => ({ scope, ...pause })),
      }),
      courses: ['held', 'held', 'waiting'],
      budget: { in_use: 1, max: 2, per_hour: { used: 3, max: 4 } },
      waiting: { network: 7 },
    });
    const { metrics } = metricsBench({ facts: () => facts });
    expect(await samples(metrics, 'regrow_held_nodes')).toEqual({ '{gate="quorum"}': 1, '{gate="cliff"}': 2 });
    expect(await samples(metrics, 'regrow_open_faults')).toMatchObject({
      '{course="held"}': 2,
      '{course="waiting"}': 1,
      '{course="exhausted"}': 0,
    });
    expect(await samples(metrics, 'regrow_pauses')).toEqual({ '{scope="pool"}': 1, '{scope="node"}': 2 });
    expect(await samples(metrics, 'regrow_measurements_waiting')).toEqual({ '{lane="network"}': 7 });
    const budget = ['running', 'running_limit', 'last_hour', 'last_hour_limit'].map(
      (name) => `regrow_rebuilds_${name}`,
    );
    const values = await Promise.all(budget.map(async (name) => (await samples(metrics, name))['']));
    expect(values).toEqual([1, 2, 3, 4]);
    facts = poolFacts();
    expect(await samples(metrics, 'regrow_held_nodes')).toEqual({});
  });

  it('tells how old the reading of vCenter is, and of none how long this controller has waited', async () => {
    const discovery = { ok: false, at: '2026-01-01T09:58:00.000Z', error: 'refused' };
    let report = poolReport({ at, discovery });
    const { metrics } = metricsBench({ facts: () => poolFacts({ report }) });
    expect(await samples(metrics, 'regrow_discovery_age_seconds')).toEqual({ '': 120 });
    expect(await samples(metrics, 'regrow_discovery_up')).toEqual({ '': 0 });
    report = poolReport({ at, discovery: { ...discovery, at: null } });
    expect(await samples(metrics, 'regrow_discovery_age_seconds')).toEqual({ '': 7200 });
  });
});

describe('what happened', () => {
  it('is counted from the start of the controller on', async () => {
    const { journal, metrics } = metricsBench();
    const add = (type: string, data: Record<string, unknown> = {}, node = 'webbox2') =>
      journal.events.append({ at, node, type, data });
    add('fault.opened');
    add('gate.held', { holds: [{ gate: 'quorum' }, { gate: 'cliff' }] });
    add('gate.held', { holds: [{ gate: 'quorum' }] });
    add('controller.stalled', { ms: 9000 });
    const counted = async (of = metrics) => [
      await samples(of, 'regrow_faults_total'),
      await samples(of, 'regrow_gate_holds_total'),
      await samples(of, 'regrow_stalls_total'),
    ];
    const once = [
      { '{node="webbox2"}': 1, '{node="webbox3"}': 0 },
      { '{gate="quorum"}': 2, '{gate="cliff"}': 1 },
      { '': 1 },
    ];
    expect(await counted()).toEqual(once);
    expect(await counted()).toEqual(once);
    // A registry of its own, from now on.
    const later = metricsBench({ journal }).metrics;
    expect(await counted(later)).toEqual([{ '{node="webbox2"}': 0, '{node="webbox3"}': 0 }, {}, { '': 0 }]);
    expect(await counted()).toEqual(once);
  });

  it('is counted once, however many ask and however much it is', async () => {
    const { journal, metrics } = metricsBench();
    journal.atomically(() => {
      for (let count = 0; count < 2_500; count += 1)
        journal.events.append({ at, node: 'webbox2', type: 'fault.opened', data: {} });
    });
    await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    expect(await samples(metrics, 'regrow_faults_total')).toMatchObject({ '{node="webbox2"}': 2_500 });
  });

  it('has every run once, with its outcome, its time and its phases', async () => {
    const { journal, metrics } = metricsBench();
    const second = (number: number) => new Date(Date.parse(at) + number * 1000).toISOString();
    const phase = (step: string, from: number, to: number) => {
      return { step, started_at: second(from), ended_at: second(to), result: 'ok' } as const;
    };
    journal.runs.insert(intent('run-1', { started_at: at }));
    journal.runs.finish('run-1', {
      outcome: 'rebuilt',
      ended_at: second(70),
      phases: [phase('fence', 0, 4), phase('create', 4, 70)],
    });
    journal.events.append({ at, run: 'run-1', node: 'webbox2', type: 'rebuild.rebuilt', data: {} });
    journal.runs.insert(intent('run-2', { kind: 'bootstrap', node: null }));
    journal.runs.finish('run-2', { outcome: 'failed', ended_at: at });
    for (const outcome of ['rebuilt', 'failed'])
      journal.events.append({ at, run: 'run-2', node: outcome, type: `bootstrap.${outcome}`, data: {} });
    journal.events.append({ at, node: 'webbox2', type: 'rebuild.refused', data: { gate: 'paused' } });
    journal.events.append({ at, node: 'webbox2', type: 'rebuild.claimed', data: {} });
    const runs = await samples(metrics, 'regrow_runs_total');
    expect(Object.entries(runs).filter(([, count]) => count > 0)).toEqual([
      ['{kind="rebuild",outcome="rebuilt"}', 1],
      ['{kind="rebuild",outcome="refused"}', 1],
      ['{kind="bootstrap",outcome="failed"}', 1],
    ]);
    expect(runs).toMatchObject({ '{kind="rebuild",outcome="failed"}': 0 });
    expect(await samples(metrics, 'regrow_gate_holds_total')).toEqual({ '{gate="paused"}': 1 });
    expect(await samples(metrics, 'regrow_run_duration_seconds_sum')).toMatchObject({ '{kind="rebuild"}': 70 });
    expect(await samples(metrics, 'regrow_run_phase_duration_seconds_sum')).toEqual({
      '{phase="fence"}': 4,
      '{phase="create"}': 66,
    });
  });
});

describe('the text', () => {
  it('is what promtool takes, with names by the conventions', async () => {
    const { metrics } = metricsBench();
    metrics.measured('webbox2', 'ping', 'ok', 4);
    const own = (await metrics.text()).split('\n').filter((line) => /^(# \w+ )?regrow_/.test(line));
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: `${own.join('\n')}\n` });
    expect([status, String(stdout), String(stderr)]).toEqual([0, '', '']);
  });

  it('grows with what this controller measures, not with the pool', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `webbox${index}`);
    const report = poolReport({ nodes: names.map((name) => nodeReport(name)) });
    const sizeOf = async (observed: number) => {
      const watched = names.slice(0, observed).flatMap((node) => ['ping', 'web'].map((name) => ({ node, name })));
      const { metrics } = metricsBench({ watched: () => watched, facts: () => poolFacts({ report }) });
      for (const { node, name } of watched) metrics.measured(node, name, 'ok', 1);
      return (await metrics.text()).split('\n').filter((line) => line.startsWith('regrow_')).length;
    };
    const [five, ten] = await Promise.all([sizeOf(5), sizeOf(10)]);
    // docs/metrics.md: 9 for a node and 4 for each of its checks, and at most 400 besides.
    expect(ten - five).toBe(5 * (9 + 2 * 4));
    expect(five - 5 * (9 + 2 * 4)).toBeLessThan(400);
  });
});
