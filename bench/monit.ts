import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../test/lab/lab.ts';
import { cpuSecondsOf } from './cpu.ts';

/** What Monit cost. */
export interface MonitCost {
  readonly checks: number;
  readonly cycles: number;
  readonly cycleSeconds: number;
  /** Of Monit and the programs, in one cycle. */
  readonly cpuPerCycle: number;
}

/** Runs Monit with that many checks of a program, and measures three whole cycles after the first. */
export async function measureMonit(checks: number, cycleSeconds: number): Promise<MonitCost> {
  const folder = await mkdtemp(join(tmpdir(), 'regrow-monit-'));
  const stamps = join(folder, 'stamps');
  await writeFile(join(folder, 'stamp'), `#!/bin/sh\nread -r up _ </proc/uptime; echo "$up" >>${stamps}\n`, {
    mode: 0o700,
  });
  await writeFile(join(folder, 'monitrc'), monitrc(folder, checks, cycleSeconds), { mode: 0o600 });
  const monit = spawn('monit', ['-I', '-c', join(folder, 'monitrc')], { stdio: 'ignore' });
  const cycle = async (count: number): Promise<{ readonly at: number; readonly cpu: number }> => {
    const at = await eventually(`cycle ${count} of Monit`, count * cycleSeconds * 6000, async () => {
      const times = existsSync(stamps) ? readFileSync(stamps, 'latin1').trim().split('\n') : [];
      return times.length >= count ? Number(times[count - 1]) : undefined;
    });
    return { at, cpu: cpuSecondsOf(monit.pid ?? 0) ?? Number.NaN };
  };
  try {
    const cycles = 3;
    const first = await cycle(2);
    const last = await cycle(2 + cycles);
    return {
      checks,
      cycles,
      cycleSeconds: (last.at - first.at) / cycles,
      cpuPerCycle: (last.cpu - first.cpu) / cycles,
    };
  } finally {
    const ended = once(monit, 'exit');
    if (monit.exitCode === null && monit.kill('SIGTERM')) await ended;
    await rm(folder, { recursive: true });
  }
}

function monitrc(folder: string, checks: number, cycleSeconds: number): string {
  const programs = Array.from({ length: checks }, (_, index) => (index === 0 ? join(folder, 'stamp') : '/bin/true'));
  return [
    `set daemon ${cycleSeconds}`,
    ...['pidfile', 'statefile', 'idfile', 'log'].map((name) => `set ${name} ${join(folder, name)}`),
    ...programs.map(
      (path, index) => `check program p${index} with path "${path}" with timeout 15 seconds
  if status != 0 for 3 cycles then alert`,
    ),
    '',
  ].join('\n');
}
