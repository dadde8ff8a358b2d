import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/monitor/clock.ts';
import type { Measurement } from '../../../src/monitor/measurement.ts';
import { Monitor } from '../../../src/monitor/monitor.ts';
import { failed, ok } from '../../fakes/probes.ts';
import { MonitorBench, ping, tcp, webs } from './monitor-bench.ts';

describe('a stall', () => {
  it('is told with its length, and what was in flight is discarded', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([ping('web0'), tcp('web1')]);
    await bench.clock.advance(3000);
    bench.clock.standStill(60_000);
    await bench.clock.advance(250);
    expect(bench.stalls).toHaveLength(1);
    expect(bench.stalls[0]).toBeGreaterThan(59_000);
    expect(bench.stalls[0]).toBeLessThanOrEqual(60_000);
    bench.probes.asked[0]?.answer(failed);
    bench.probes.openRounds[0]?.answer(new Map([['10.0.0.0', failed]]));
    await bench.clock.advance(0);
    expect(bench.reported).toEqual([]);
  });

  it('is seen before a result is reported that comes earlier than the heartbeat', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([tcp('web0')]);
    await bench.clock.advance(3000);
    bench.clock.standStill(10_000);
    bench.probes.asked[0]?.answer(failed);
    // One turn of the event loop, and no timer.
    await new Promise(setImmediate);
    expect(bench.reported).toEqual([]);
    expect(bench.stalls).toHaveLength(1);
    await bench.clock.advance(1000);
    expect(bench.stalls).toHaveLength(1);
  });

  it('is followed by the old rhythm, and missed measurements are not made up for', async () => {
    const bench = new MonitorBench();
    bench.start([...webs(50).map((node) => tcp(node)), ping('web0')]);
    await bench.clock.advance(50_000);
    bench.reported.length = 0;
    bench.clock.standStill(95_000);
    await bench.clock.advance(0);
    expect(bench.reported).toEqual([]);
    await bench.clock.advance(100_000);

    const steady = new MonitorBench();
    steady.start([...webs(50).map((node) => tcp(node)), ping('web0')]);
    await steady.clock.advance(145_000);
    steady.reported.length = 0;
    await steady.clock.advance(100_000);
    const timesOf = (measurements: readonly Measurement[]): readonly string[] =>
      measurements.map(({ node, check, startedAt }) => `${node} ${check} ${startedAt}`);
    expect(timesOf(bench.reported)).toEqual(timesOf(steady.reported));
  });

  it('is also a machine that was suspended, which the monotonic clock does not see', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([tcp('web0')]);
    await bench.clock.advance(3000);
    bench.clock.suspend(3_600_000);
    bench.probes.asked[0]?.answer(failed);
    await bench.clock.advance(250);
    expect(bench.stalls).toEqual([3_600_000]);
    expect(bench.reported).toEqual([]);
    bench.probes.slow = false;
    await bench.clock.advance(40_000);
    expect(bench.reported[0]).toMatchObject({ node: 'web0', result: ok });
  });

  it('is not a heartbeat that is a little late, nor a short sleep', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([tcp('web0')]);
    await bench.clock.advance(3000);
    bench.clock.standStill(1900);
    bench.clock.suspend(1900);
    bench.probes.asked[0]?.answer(failed);
    await bench.clock.advance(1000);
    expect(bench.stalls).toEqual([]);
    expect(bench.reported).toMatchObject([{ result: failed }]);
  });

  it('leaves a check that waits in its lane its next time', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start(webs(129).map((node) => tcp(node)));
    await bench.clock.advance(3000);
    expect(bench.probes.asked).toHaveLength(128);
    bench.clock.standStill(10_000);
    await bench.clock.advance(250);
    for (const asked of bench.probes.asked) asked.answer(failed);
    await bench.clock.advance(0);
    expect(bench.reported).toEqual([]);
    bench.probes.slow = false;
    await bench.clock.advance(40_000);
    expect(new Set(bench.reported.map(({ node }) => node)).size).toBe(129);
    expect(bench.reported.every(({ result }) => result.status === 'ok')).toBe(true);
  });

  it('of the real event loop discards a measurement whose timeout passed in it', async () => {
    const reported: Measurement[] = [];
    const begun = new EventEmitter();
    const stalled = new Promise<number>((onStalled) => {
      const monitor = new Monitor({
        clock: systemClock(),
        target: (name) => ({ name, address: '127.0.0.1', subject: null }),
        probes: {
          pingAll: async () => new Map(),
          playbook: async () => ok,
          measure: async () => {
            begun.emit('begun');
            // A timer that is due before the next heartbeat, as a probe's timeout can be.
            return new Promise((resolve) => setTimeout(() => resolve(failed), 1));
          },
        },
        onMeasured: (measurement) => reported.push(measurement),
        onStalled: (ms) => {
          monitor.stop();
          onStalled(ms);
        },
      });
      monitor.setPlan([tcp('web0', { interval: 1000 })]);
      monitor.start();
    });
    await once(begun, 'begun');
    // The whole thread stands still.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2400);
    expect(await stalled).toBeGreaterThan(2000);
    expect(reported).toEqual([]);
  });
});
