import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueFrom, firstDue, firstWithinMs, nextDue, rhythmOf } from '../../../src/monitor/rhythm.ts';
import { Schedule, type Due } from '../../../src/monitor/schedule.ts';
import { SimulatedClock } from '../../fakes/clock.ts';

const nodes = Array.from({ length: 1000 }, (_, index) => `web${index} index`);

describe('a rhythm', () => {
  it('spreads a thousand checks evenly over their interval, and their first times over a few seconds', () => {
    const perSecond = (times: readonly number[], seconds: number): readonly number[] =>
      Array.from({ length: seconds }, (_, second) => times.filter((time) => Math.floor(time / 1000) === second).length);
    const phases = nodes.map((node) => rhythmOf(node, 20_000).phaseMs);
    const firsts = nodes.map((node) => firstDue(node, 20_000, 0));
    // 50 and 333 a second would be even.
    for (const count of perSecond(phases, 20)) expect(count).toBeGreaterThan(25);
    for (const count of perSecond(firsts, 3)) expect(count).toBeGreaterThan(280);
    expect(Math.max(...firsts)).toBeLessThan(firstWithinMs);
    expect(Math.max(...nodes.map((node) => firstDue(node, 1000, 0)))).toBeLessThan(1000);
  });

  it('comes again after one interval when it was on time, and never makes up for missed times', () => {
    const rhythm = { intervalMs: 20, phaseMs: 7 };
    expect([dueFrom(rhythm, 7), dueFrom(rhythm, 7.5), dueFrom(rhythm, 0), dueFrom(rhythm, 27)]).toEqual([7, 27, 7, 27]);
    expect(nextDue(rhythm, 27, 28)).toBe(47);
    expect(nextDue(rhythm, 27, 200)).toBe(207);
    // The first measurement is off the grid.
    expect(nextDue(rhythm, 3, 3)).toBe(27);
  });
});

describe('a schedule', () => {
  it('gives what is due, the earliest first, whatever was put in between', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100)), fc.array(fc.nat(100)), fc.nat(100), (initial, more, now) => {
        const schedule = new Schedule<Due>(new SimulatedClock(), () => {});
        schedule.replace(initial.map((dueAt) => ({ dueAt })));
        for (const dueAt of more) schedule.put({ dueAt });
        const sorted = [...initial, ...more].toSorted((a, b) => a - b);
        const taken = [...schedule.takeDue(now), ...schedule.takeDue(100)].map(({ dueAt }) => dueAt);
        expect(taken).toEqual(sorted);
      }),
    );
  });

  it('has one timer, for the first item alone', async () => {
    const clock = new SimulatedClock();
    const calls: number[] = [];
    const schedule: Schedule<Due> = new Schedule(clock, () => {
      calls.push(clock.now());
      schedule.takeDue(clock.now());
    });
    for (const dueAt of [500, 300, 400, 300]) schedule.put({ dueAt });
    expect(clock.pending).toBe(1);
    await clock.advance(1000);
    expect(calls).toEqual([300, 400, 500]);
    expect(clock.pending).toBe(0);
    schedule.put({ dueAt: 2000 });
    schedule.replace([]);
    expect(clock.pending).toBe(0);
  });
});
