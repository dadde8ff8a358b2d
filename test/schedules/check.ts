import { expect, it } from 'vitest';
import { runSchedule, type Outcome } from './run-schedule.ts';
import { scheduleOf } from './schedule.ts';

const { REGROW_SEED: seed, REGROW_SCHEDULES: schedules } = process.env;

/** One test for each schedule: so many from seed 1 on. REGROW_SEED and REGROW_SCHEDULES choose others; REGROW_SEED alone repeats one. */
export function itHealsAfter(usual: number): readonly Outcome[] {
  const first = Number(seed ?? '1');
  const count = Number(schedules ?? (seed === undefined ? usual : 1));
  const outcomes: Outcome[] = [];
  const seeds = Array.from({ length: count }, (_, index) => first + index);
  it.each(seeds)('REGROW_SEED=%i: nobody healthy is harmed, and every node comes back', async (each) => {
    const outcome = await runSchedule(scheduleOf(each));
    outcomes.push(outcome);
    const told = `REGROW_SEED=${each}\n${outcome.log.join('\n')}`;
    expect(outcome.harm, told).toEqual([]);
    expect(outcome.lost, told).toEqual([]);
  });
  return outcomes;
}

/** What became of them all, in a line. */
export function summary(outcomes: readonly Outcome[]): string {
  const alone = outcomes.filter(({ exception }) => exception === null);
  const times = alone.map(({ healedAfterMs }) => (healedAfterMs ?? 0) / 1000).toSorted((a, b) => a - b);
  const needed = (why: Outcome['exception']): number => outcomes.filter(({ exception }) => exception === why).length;
  const middle = times[Math.floor(times.length / 2)] ?? 0;
  return (
    `${outcomes.length} schedules: ${alone.length} pools healed by themselves, after ${middle} s (median), ${times.at(-1) ?? 0} s (longest); ` +
    `a person was needed for ${needed('too many dead')} with too many dead, ${needed('exhausted')} exhausted`
  );
}
