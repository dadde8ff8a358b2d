import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/monitor/clock.ts';
import { SimulatedClock } from '../../fakes/clock.ts';

describe("the machine's clock", () => {
  it('calls at the time or after it, never before, also when the time is past', async () => {
    const clock = systemClock();
    for (const delay of [-5, 0, 0.3, 3, 7.7]) {
      const due = clock.now() + delay;
      const calledAt = await new Promise<number>((resolve) => {
        clock.at(due, () => resolve(clock.now()));
      });
      expect(calledAt).toBeGreaterThanOrEqual(due);
    }
  });

  it('does not call what was called off, nor at once what is due in a month', async () => {
    const clock = systemClock();
    const called: string[] = [];
    const callOff = clock.at(clock.now() + 1, () => called.push('called off'));
    const callOffMonth = clock.at(clock.now() + 30 * 86_400_000, () => called.push('a month'));
    callOff();
    await new Promise<void>((resolve) => {
      clock.at(clock.now() + 5, resolve);
    });
    callOffMonth();
    expect(called).toEqual([]);
  });

  it('sees suspended time as what CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC', () => {
    let uptimeMs = systemClock().now();
    const clock = systemClock(() => uptimeMs);
    const before = clock.suspendedMs();
    uptimeMs += 60_000;
    const grown = clock.suspendedMs() - before;
    // The monotonic clock itself goes on between the two readings.
    expect(grown).toBeLessThanOrEqual(60_000);
    expect(grown).toBeGreaterThan(50_000);
  });

  it('is not suspended while a test runs', () => {
    const clock = systemClock();
    const before = clock.suspendedMs();
    expect(clock.suspendedMs() - before).toBeLessThan(1000);
  });
});

describe('the simulated clock', () => {
  it('runs what is due in order, each at its time, and lets promises settle between', async () => {
    const clock = new SimulatedClock(100);
    const seen: string[] = [];
    const note = (text: string) => (): void => void seen.push(`${text} at ${clock.now()}`);
    clock.at(130, note('third'));
    clock.at(110, () => {
      note('first')();
      void (async () => {
        await Promise.resolve();
        clock.at(120, note('second'));
      })();
    });
    clock.at(200, note('beyond'));
    await clock.advance(50);
    expect(seen).toEqual(['first at 110', 'second at 120', 'third at 130']);
    expect(clock.now()).toBe(150);
    expect(clock.pending).toBe(1);
  });

  it('runs late what came due while it stood still', async () => {
    const clock = new SimulatedClock();
    const seen: number[] = [];
    clock.at(10, () => seen.push(clock.now()));
    clock.standStill(500);
    expect(seen).toEqual([]);
    await clock.advance(0);
    expect(seen).toEqual([500]);
  });
});
