import { describe, expect, it } from 'vitest';
import { SlipHistogram } from '../../../src/monitor/slip.ts';

describe('slip', () => {
  it('is summed up to a fifth of its value, and begins anew when it was read', () => {
    const slip = new SlipHistogram();
    slip.record(0.2, 980);
    slip.record(100, 15);
    slip.record(7000, 5);
    const { count, p50Ms, p99Ms, maxMs } = slip.take();
    expect({ count, p50Ms, maxMs }).toEqual({ count: 1000, p50Ms: 1, maxMs: 7000 });
    expect(p99Ms).toBeGreaterThanOrEqual(100);
    expect(p99Ms).toBeLessThan(120);
    expect(slip.take()).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });

  it('never exceeds the greatest value, and takes any', () => {
    const slip = new SlipHistogram();
    slip.record(101);
    expect(slip.take()).toEqual({ count: 1, p50Ms: 101, p99Ms: 101, maxMs: 101 });
    slip.record(1e12);
    expect(slip.take()).toMatchObject({ count: 1, maxMs: 1e12 });
  });
});
