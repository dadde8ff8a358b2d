import { writeFileSync } from 'node:fs';
import { it } from 'vitest';
import { runSchedule } from './run-schedule.ts';
import { scheduleOf } from './schedule.ts';
it('survey', async () => {
  const first = Number(process.env['REGROW_SEED'] ?? '1');
  const count = Number(process.env['REGROW_SCHEDULES'] ?? '60');
  for (let seed = first; seed < first + count; seed += 1) {
    const began = process.cpuUsage();
    const s = scheduleOf(seed);
    try {
      const o = await runSchedule(s);
      const cpu = process.cpuUsage(began);
      const n = (r: RegExp) => o.log.filter((l) => r.test(l)).length;
      writeFileSync(`/tmp/s/${seed}.log`, o.log.join('\n'));
      console.log(JSON.stringify({ seed, n: s.scenario.nodes?.length, tools: s.scenario.tools, healed: o.healedAfterMs === null ? null : o.healedAfterMs / 1000, cpu: Math.round((cpu.user + cpu.system) / 1000), rebuilt: n(/ commit /), aborts: n(/ abort /), held: n(/gate.held/), lines: o.log.length, harm: o.harm, lost: o.lost, exc: o.exception }));
    } catch (e) { console.log(JSON.stringify({ seed, error: String(e), stack: (e as Error).stack })); }
  }
}, 3_600_000);
