import { describe, expect, it } from 'vitest';
import type { HostCheck } from '../../../src/config/schema.ts';
import { HostWatch } from '../../../src/controller/host-watch.ts';
import { createLogger, SecretValues } from '../../../src/logging.ts';
import { SimulatedClock } from '../../fakes/clock.ts';
import { FakeJournal } from '../../fakes/journal.ts';
import { failed, FakeProbes, ok } from '../../fakes/probes.ts';

const index: HostCheck = {
  type: 'tcp',
  port: 80,
  interval: 20_000,
  timeout: 5000,
  failures: 3,
  successes: 1,
  on_failure: 'reboot',
};

/** One machine with a check of its own, whose daemon can be started anew. */
class OwnMachine {
  readonly clock = new SimulatedClock();
  readonly probes = new FakeProbes();
  readonly journal = new FakeJournal();
  readonly acts: string[] = [];
  readonly told: string[] = [];
  hold: string | null = null;
  checks: Readonly<Record<string, HostCheck>> = { index };
  #watch: HostWatch | undefined;

  start(): HostWatch {
    this.#watch?.stop();
    this.#watch = new HostWatch({
      clock: this.clock,
      probes: this.probes,
      journal: this.journal,
      log: createLogger({ level: 'error', secrets: new SecretValues(), destination: { write: () => true } }),
      name: () => 'webbox1',
      checks: () => this.checks,
      onMeasured: (check, { status }) => void this.told.push(`${check}: ${status}`),
      hold: () => this.hold,
      act: async (check, action) => {
        this.acts.push(`${check}: ${JSON.stringify(action)}`);
        return { ok: false, detail: 'nobody would rebuild it' };
      },
      now: () => new Date(Date.UTC(2026, 0, 1) + this.clock.now()),
    });
    this.#watch.start();
    return this.#watch;
  }

  /** So many intervals with that answer. */
  async answers(status: 'ok' | 'failed', times: number): Promise<void> {
    this.probes.results.set('webbox1', status === 'ok' ? ok : failed);
    this.probes.results.set('127.0.0.1', status === 'ok' ? ok : failed);
    await this.clock.advance(times * 20_000);
  }

  events(): readonly string[] {
    return this.journal.events.list({ after: 0, limit: 1000 }).map(({ type }) => type);
  }
}

describe('the watch of the own machine', () => {
  it('takes the action once per fault, tells of it, and of its end', async () => {
    const machine = new OwnMachine();
    const watch = machine.start();
    await machine.answers('failed', 5);
    expect(machine.told).toEqual(Array.from({ length: 5 }, () => 'index: failed'));
    expect(machine.acts).toEqual(['index: "reboot"']);
    expect(machine.events()).toEqual([
      'host.fault.opened',
      'alert.raised',
      'host.action.taken',
      'host.action.failed',
      'alert.raised',
    ]);
    expect(watch.report()).toMatchObject([
      {
        name: 'index',
        type: 'tcp',
        on_failure: 'reboot',
        verdict: 'unhealthy',
        failures: 3,
        of: 3,
        last: { status: 'failed' },
      },
    ]);
    await machine.answers('ok', 2);
    expect(machine.events().at(-1)).toBe('host.fault.closed');
    await machine.answers('failed', 4);
    expect(machine.acts).toHaveLength(2);
  });

  it('does not act again after a restart for a fault that was acted on', async () => {
    const machine = new OwnMachine();
    machine.start();
    await machine.answers('failed', 4);
    machine.start();
    await machine.answers('failed', 5);
    expect(machine.acts).toHaveLength(1);
  });

  it('holds the action as long as it is held, and takes it then', async () => {
    const machine = new OwnMachine();
    machine.hold = 'pool is paused: work';
    machine.start();
    await machine.answers('failed', 5);
    expect(machine.acts).toEqual([]);
    machine.hold = null;
    await machine.answers('failed', 1);
    expect(machine.acts).toHaveLength(1);
  });

  it('alerts at once whatever holds actions', async () => {
    const machine = new OwnMachine();
    machine.hold = 'pool is paused: work';
    machine.checks = { index: { ...index, on_failure: 'alert' } };
    machine.start();
    await machine.answers('failed', 4);
    expect(machine.events()).toEqual(['host.fault.opened', 'alert.raised', 'host.action.taken']);
  });

  it('measures what is configured now', async () => {
    const machine = new OwnMachine();
    const watch = machine.start();
    const fast: HostCheck = { ...index, failures: 1 };
    machine.checks = { other: fast };
    watch.replan();
    await machine.answers('failed', 2);
    expect(machine.acts).toEqual(['other: "reboot"']);
    expect(watch.report().map(({ name }) => name)).toEqual(['other']);
  });
});
