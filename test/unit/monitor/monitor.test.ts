import { describe, expect, it } from 'vitest';
import { failed, ok } from '../../fakes/probes.ts';
import { command, MonitorBench, ping, playbook, tcp, webs } from './monitor-bench.ts';

describe('pings', () => {
  it('of a thousand nodes are one round a cycle, the first soon after the start', async () => {
    const bench = new MonitorBench();
    bench.start(webs(1000).map((node) => ping(node)));
    await bench.clock.advance(3000);
    expect(bench.probes.rounds).toMatchObject([{ timeoutMs: 15_000 }]);
    expect(bench.probes.rounds[0]?.addresses).toHaveLength(1000);
    expect(bench.reported).toHaveLength(1000);
    await bench.clock.advance(60_000);
    expect(bench.probes.rounds).toHaveLength(4);
    const [first = 0, ...later] = bench.startsOf('web7');
    expect(later).toEqual([first + 20_000, first + 40_000, first + 60_000]);
    // The heartbeat, and the schedule's.
    expect(bench.clock.pending).toBe(2);
  });

  it('with another interval or timeout have a round of their own', async () => {
    const bench = new MonitorBench();
    bench.start([ping('web0'), ping('web1', { failures: 9 }), ping('web2', { timeout: 5000 })]);
    await bench.clock.advance(3000);
    expect(bench.probes.rounds.toSorted((a, b) => a.timeoutMs - b.timeoutMs)).toEqual([
      { addresses: ['10.0.0.2'], timeoutMs: 5000 },
      { addresses: ['10.0.0.0', '10.0.0.1'], timeoutMs: 15_000 },
    ]);
  });

  it('are reported each with its own result, and the VM that the target had', async () => {
    const bench = new MonitorBench();
    bench.probes.results.set('10.0.0.1', failed);
    bench.targets.set('web2', { name: 'web2', address: undefined, subject: null });
    bench.start(webs(3).map((node) => ping(node)));
    await bench.clock.advance(3000);
    expect(bench.reported).toMatchObject([
      { node: 'web0', check: 'ping', subject: 'uuid of web0', result: ok },
      { node: 'web1', check: 'ping', subject: 'uuid of web1', result: failed },
      { node: 'web2', subject: null, result: { status: 'unknown', detail: 'no address is known' } },
    ]);
    expect(bench.monitor.counts()).toEqual({ ok: 1, failed: 1, unknown: 1 });
  });

  it('go to the address that the node has at that time', async () => {
    const bench = new MonitorBench();
    bench.start([ping('web0')]);
    await bench.clock.advance(3000);
    bench.targets.set('web0', { name: 'web0', address: '10.9.9.9', subject: 'the new VM' });
    await bench.clock.advance(20_000);
    expect(bench.probes.rounds.map(({ addresses }) => addresses)).toEqual([['10.0.0.0'], ['10.9.9.9']]);
    expect(bench.reported.map(({ subject }) => subject)).toEqual(['uuid of web0', 'the new VM']);
  });

  it('start no process when no address is known', async () => {
    const bench = new MonitorBench();
    bench.targets.set('web0', { name: 'web0', address: undefined, subject: null });
    bench.start([ping('web0')]);
    await bench.clock.advance(3000);
    expect(bench.probes.rounds).toEqual([]);
    expect(bench.reported).toHaveLength(1);
  });

  it('are unknown when the round breaks, or does not speak of the address', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([ping('web0')]);
    await bench.clock.advance(3000);
    bench.probes.openRounds[0]?.reject(new Error('no more processes'));
    await bench.clock.advance(20_000);
    bench.probes.openRounds[1]?.answer(new Map());
    await bench.clock.advance(0);
    expect(bench.reported.map(({ result }) => result)).toMatchObject([
      { status: 'unknown', detail: 'no more processes' },
      { status: 'unknown', detail: 'the round of pings says nothing about it' },
    ]);
  });
});

describe('other checks', () => {
  it('have each its own times, spread over the interval, and come once an interval', async () => {
    const bench = new MonitorBench();
    bench.start(webs(100).map((node) => tcp(node)));
    await bench.clock.advance(3000);
    expect(bench.reported).toHaveLength(100);
    // From one interval after the last first one on, each comes once an interval.
    await bench.clock.advance(37_000);
    bench.reported.length = 0;
    await bench.clock.advance(20_000);
    expect(bench.reported).toHaveLength(100);
    const seconds = new Set(bench.reported.map(({ startedAt }) => Math.floor(startedAt / 1000)));
    expect(seconds.size).toBeGreaterThan(15);
    await bench.clock.advance(40_000);
    const [first = 0, second = 0, third = 0] = bench.startsOf('web5');
    expect([second - first, third - second]).toEqual([20_000, 20_000]);
    expect(bench.clock.pending).toBe(2);
  });

  it('are never measured again before the last measurement has ended', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([tcp('web0', { timeout: 50_000 })]);
    await bench.clock.advance(50_000);
    expect(bench.probes.asked).toHaveLength(1);
    expect(bench.reported).toEqual([]);
    bench.probes.asked[0]?.answer(failed);
    await bench.clock.advance(20_000);
    expect(bench.probes.asked).toHaveLength(2);
    expect(bench.reported).toMatchObject([{ result: failed }]);
  });

  it('are unknown when a probe has not ended long after its timeout', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([playbook('web0')]);
    await bench.clock.advance(70_000);
    expect(bench.probes.asked).toHaveLength(1);
    expect(bench.reported.length).toBeGreaterThan(0);
    for (const { result } of bench.reported) {
      expect(result).toMatchObject({ status: 'unknown', detail: expect.stringMatching(/has not ended after \d+ ms/) });
    }
  });

  it('are unknown, with the reason, when the probe or the question for the target throws', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([tcp('web0')]);
    await bench.clock.advance(3000);
    bench.probes.asked[0]?.reject(new TypeError('port is not a number'));
    await bench.clock.advance(0);
    expect(bench.reported[0]?.result).toEqual({ status: 'unknown', latencyMs: null, detail: 'port is not a number' });

    Object.defineProperty(bench.targets, 'get', {
      value: () => {
        throw new Error('the journal is closed');
      },
    });
    await bench.clock.advance(40_000);
    expect(bench.reported[1]).toMatchObject({
      subject: null,
      result: { status: 'unknown', detail: 'the journal is closed' },
    });
  });

  it('run so many at once, and no more: network 128, commands 16, playbooks 2', async () => {
    const most = async (entries: Parameters<MonitorBench['start']>[0]): Promise<number> => {
      const bench = new MonitorBench();
      bench.probes.slow = true;
      bench.start(entries);
      await bench.clock.advance(3000);
      return bench.probes.mostRunning;
    };
    expect(await most(webs(200).map((node) => tcp(node)))).toBe(128);
    expect(await most(webs(200).map((node) => command(node)))).toBe(16);
    expect(await most(webs(200).map((node) => playbook(node)))).toBe(2);
  });

  it('that wait a whole interval for their turn are left out that time, as unknown and late', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start(webs(3).map((node) => playbook(node)));
    // Two run; the third waits until its second time comes.
    await bench.clock.advance(39_000);
    expect(bench.monitor.waiting()).toEqual({ network: 0, command: 0, playbook: 1 });
    const late = bench.reported.filter(({ result }) => result.detail.startsWith('late'));
    expect(late).toHaveLength(1);
    expect(bench.probes.asked.map(({ target }) => target.name)).not.toContain(late[0]?.node);

    // It kept its place, and its second time is measured as soon as there is room.
    bench.monitor.takeSlip();
    bench.probes.asked[0]?.answer(ok);
    await bench.clock.advance(0);
    expect(bench.probes.asked[2]?.target.name).toBe(late[0]?.node);
    const { maxMs } = bench.monitor.takeSlip();
    expect(maxMs).toBeGreaterThan(0);
    expect(maxMs).toBeLessThan(20_000);
    bench.probes.asked[2]?.answer(ok);
    await bench.clock.advance(0);
    expect(bench.reported.at(-1)).toMatchObject({ node: late[0]?.node, result: ok });
  });

  it('have the slip of timers that came late', async () => {
    const bench = new MonitorBench();
    bench.start([...webs(10).map((node) => tcp(node)), ...webs(10).map((node) => ping(node))]);
    await bench.clock.advance(3000);
    expect(bench.monitor.takeSlip()).toMatchObject({ count: 20, maxMs: 0 });
    // Ten by themselves, and one round.
    expect(bench.slips).toEqual(Array.from({ length: 11 }, () => 0));
    await bench.clock.advance(37_000);
    bench.monitor.takeSlip();
    bench.clock.standStill(1900);
    await bench.clock.advance(18_100);
    const { count, maxMs } = bench.monitor.takeSlip();
    expect(count).toBe(20);
    expect(maxMs).toBeGreaterThan(100);
    expect(maxMs).toBeLessThanOrEqual(1900);
    expect(bench.stalls).toEqual([]);
  });
});

describe('a new plan', () => {
  it('leaves unchanged checks their rhythm and what is in flight', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([tcp('web0'), ping('web1')]);
    await bench.clock.advance(3000);
    const [asked] = bench.probes.asked;
    bench.monitor.setPlan([ping('web1'), tcp('web0'), tcp('web2'), ping('web3')]);
    asked?.answer(failed);
    bench.probes.openRounds[0]?.answer(new Map([['10.0.0.1', ok]]));
    bench.probes.slow = false;
    await bench.clock.advance(100_000);

    const steady = new MonitorBench();
    steady.start([tcp('web0'), ping('web1')]);
    await steady.clock.advance(103_000);
    expect(bench.startsOf('web0')).toEqual(steady.startsOf('web0'));
    expect(bench.startsOf('web1')).toEqual(steady.startsOf('web1'));
    expect(bench.reported).toContainEqual(expect.objectContaining({ node: 'web0', result: failed }));
  });

  it('drops what is gone, and what is in flight of it', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([tcp('web0'), tcp('web1'), ping('web0'), ping('web1')]);
    await bench.clock.advance(3000);
    bench.monitor.setPlan([tcp('web1'), ping('web1')]);
    for (const asked of bench.probes.asked) asked.answer(failed);
    bench.probes.openRounds[0]?.answer(
      new Map([
        ['10.0.0.0', failed],
        ['10.0.0.1', failed],
      ]),
    );
    bench.probes.slow = false;
    await bench.clock.advance(60_000);
    expect(new Set(bench.reported.map(({ node }) => node))).toEqual(new Set(['web1']));
    expect(bench.reported.filter(({ result }) => result.status === 'failed')).toHaveLength(2);
    bench.monitor.setPlan([]);
    const before = bench.probes.rounds.length;
    await bench.clock.advance(60_000);
    expect(bench.probes.rounds).toHaveLength(before);
    expect(bench.clock.pending).toBe(1);
  });

  it('measures a changed check soon, as it is now, and not while the old one still runs', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([tcp('web0')]);
    await bench.clock.advance(3000);
    bench.monitor.setPlan([tcp('web0', { port: 2222 })]);
    await bench.clock.advance(10_000);
    expect(bench.probes.asked).toHaveLength(1);
    bench.probes.asked[0]?.answer(failed);
    bench.probes.slow = false;
    await bench.clock.advance(40_000);
    expect(bench.probes.asked[1]?.check).toMatchObject({ port: 2222 });
    expect(bench.reported.map(({ result }) => result)).not.toContainEqual(failed);

    bench.reported.length = 0;
    bench.monitor.setPlan([tcp('web0', { port: 2223 })]);
    await bench.clock.advance(3000);
    expect(bench.reported).toHaveLength(1);
  });

  it('lets a changed check that still waits leave its lane, and reports nothing of it', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start(webs(3).map((node) => playbook(node)));
    await bench.clock.advance(3000);
    const [waiting = ''] = webs(3).filter((node) => bench.probes.asked.every(({ target }) => target.name !== node));
    bench.monitor.setPlan(
      webs(3).map((node) => (node === waiting ? { ...tcp(node), name: playbook(node).name } : playbook(node))),
    );
    await bench.clock.advance(3000);
    expect(bench.probes.asked).toHaveLength(2);
    for (const asked of bench.probes.asked) asked.answer(ok);
    bench.probes.slow = false;
    await bench.clock.advance(40_000);
    const types = bench.probes.asked.filter(({ target }) => target.name === waiting).map(({ check }) => check.type);
    expect(new Set(types)).toEqual(new Set(['tcp']));
    expect(bench.reported.every(({ result }) => result.status === 'ok')).toBe(true);
  });

  it('can be set by whoever is told of a measurement', async () => {
    const bench = new MonitorBench();
    bench.start(webs(3).map((node) => ping(node)));
    const push = bench.reported.push.bind(bench.reported);
    bench.reported.push = (measurement): number => {
      bench.monitor.setPlan([ping('web0')]);
      return push(measurement);
    };
    await bench.clock.advance(43_000);
    expect(bench.reported.map(({ node }) => node)).toEqual(['web0', 'web0', 'web0']);
  });
});

describe('a stop', () => {
  it('leaves no timer and reports nothing more, whatever is in flight or waits', async () => {
    const bench = new MonitorBench();
    bench.probes.slow = true;
    bench.start([ping('web0'), tcp('web0'), ...webs(5).map((node) => playbook(node))]);
    await bench.clock.advance(3000);
    bench.monitor.stop();
    expect(bench.clock.pending).toBe(0);
    for (const asked of bench.probes.asked) asked.answer(ok);
    bench.probes.openRounds[0]?.answer(new Map([['10.0.0.0', ok]]));
    await bench.clock.advance(100_000);
    bench.monitor.setPlan([tcp('web1')]);
    bench.monitor.start();
    await bench.clock.advance(100_000);
    expect(bench.reported).toEqual([]);
    // ping, tcp, and the two playbooks that ran.
    expect(bench.probes.asked).toHaveLength(3);
    expect(bench.clock.pending).toBe(0);
  });
});
