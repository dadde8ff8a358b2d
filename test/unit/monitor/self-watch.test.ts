import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SelfWatch } from '../../../src/monitor/self-watch.ts';
import { SimulatedClock } from '../../fakes/clock.ts';

function watch(): { readonly self: SelfWatch; readonly clock: SimulatedClock } {
  const clock = new SimulatedClock();
  const self = new SelfWatch(clock);
  onTestFinished(() => self.stop());
  return { self, clock };
}

describe('a controller that watches itself', () => {
  it('trusts itself again a minute after it stood still', async () => {
    const { self, clock } = watch();
    expect(self.isTrusted).toBe(true);
    self.stalled();
    expect(self.isTrusted).toBe(false);
    await clock.advance(60_000);
    expect(self.isTrusted).toBe(false);
    await clock.advance(1);
    expect(self.isTrusted).toBe(true);
    expect((await self.facts(tmpdir(), [])).stalledAgoMs).toBe(60_001);
  });

  it('tells its free space, or that it cannot', async () => {
    const { self } = watch();
    expect((await self.facts(tmpdir(), [])).freeBytes).toBeGreaterThan(0);
    expect((await self.facts('/nowhere/at/all', [])).freeBytes).toBeNull();
  });

  it('reaches a witness when one of them accepts a connection', async () => {
    const { self } = watch();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const there = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const away = { host: '127.0.0.1', port: 1 };
    const reached = async (...witnesses: (typeof there)[]) => (await self.facts(tmpdir(), witnesses)).isWitnessReached;
    expect([await reached(), await reached(away), await reached(away, there)]).toEqual([null, false, true]);
  });
});
