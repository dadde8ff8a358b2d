import { describe, expect, it } from 'vitest';
import { CpuMeter, cpuTimes, memoryUsed, probeFilesystem, probeMemory } from '../../../src/monitor/probes/machine.ts';

describe('probes of the own machine', () => {
  it('count memory that caches can give back as free', () => {
    const meminfo = 'MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    600 kB\nCached:  500 kB\n';
    expect(memoryUsed(meminfo)).toBe(40);
    expect(memoryUsed('MemTotal: 1000 kB\n')).toBeNaN();
  });

  it('count neither idling nor waiting for a disk as busy', () => {
    expect(cpuTimes('cpu  10 20 30 400 40 5 6 7 8 9\ncpu0 1 1 1 1\n')).toEqual({ busy: 78, total: 518 });
    expect(cpuTimes('no such line').busy).toBeNaN();
  });

  it('tell the shares of this very machine', async () => {
    expect(await probeMemory(100)).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/^\d+\.\d % of memory/),
    });
    expect(await probeFilesystem('/', 100)).toMatchObject({ status: 'ok' });
    const meter = new CpuMeter();
    const check = { max_used: 100 };
    expect(await meter.probe(check)).toMatchObject({ status: 'ok' });
  });

  it('fail above the limit, and know nothing of what cannot be read', async () => {
    expect(await probeFilesystem('/', 0)).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('0 % allowed'),
    });
    expect(await probeFilesystem('/nowhere/at/all', 90)).toMatchObject({ status: 'unknown' });
  });

  it('see a processor at work since the last measurement', async () => {
    const meter = new CpuMeter();
    const check = { max_used: 1 };
    await meter.probe(check);
    const until = performance.now() + 300;
    while (performance.now() < until);
    expect(await meter.probe(check)).toMatchObject({ status: 'failed' });
  });
});
