import { describe, expect, it } from 'vitest';
import { runSchedule } from './run-schedule.ts';
import { scheduleOf } from './schedule.ts';

const first = Number(process.env['REGROW_SEED'] ?? '1');
const count = Number(process.env['REGROW_SCHEDULES'] ?? (process.env['REGROW_SEED'] === undefined ? '60' : '1'));
const seeds = Array.from({ length: count }, (_, index) => first + index);

describe('a pool under random faults', () => {
  it.each(seeds)('of seed %i harms nobody, and heals', async (seed) => {
    const schedule = scheduleOf(seed);
    const { harm, lost, log } = await runSchedule(schedule);
    const told = `REGROW_SEED=${seed}\n${log.join('\n')}`;
    expect(harm, told).toEqual([]);
    expect(lost, told).toEqual([]);
  });
});
