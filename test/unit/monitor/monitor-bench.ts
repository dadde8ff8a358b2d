import { Monitor } from '../../../src/monitor/monitor.ts';
import type { Measurement, MonitorTarget } from '../../../src/monitor/measurement.ts';
import type { PlanEntry } from '../../../src/monitor/plan.ts';
import type { Check } from '../../../src/config/schema.ts';
import { SimulatedClock } from '../../fakes/clock.ts';
import { FakeProbes } from '../../fakes/probes.ts';

const timing = {
  interval: 20_000,
  timeout: 15_000,
  failures: 3,
  successes: 1,
  on_failure: 'alert',
  ignore_heartbeat: false,
  restore_attempts: 2,
  // oxlint-disable-next-line unicorn/no-thenable
  then: 'alert',
} as const;

type Timing = Partial<Pick<Check, 'interval' | 'timeout' | 'failures'>>;

export const ping = (node: string, change: Timing = {}): PlanEntry => ({
  node,
  name: 'ping',
  check: { type: 'ping', ...timing, ...change },
});
export const tcp = (node: string, change: Timing & { readonly port?: number } = {}): PlanEntry => ({
  node,
  name: 'ssh',
  check: { type: 'tcp', port: 22, ...timing, ...change },
});
export const command = (node: string): PlanEntry => ({
  node,
  name: 'disk',
  check: { type: 'command', command: ['true'], ...timing },
});
export const playbook = (node: string): PlanEntry => ({
  node,
  name: 'deep',
  check: { type: 'playbook', playbook: 'ping_monitor.yml', extra_vars: {}, ...timing },
});

/** `web0`, `web1`, ... */
export const webs = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `web${index}`);

/** A monitor on a simulated clock with fake probes. The nodes `web0`, `web1`, ... have the addresses 10.0.0.0, 10.0.0.1, ... */
export class MonitorBench {
  readonly clock = new SimulatedClock(1_000_000);
  readonly probes = new FakeProbes();
  readonly reported: Measurement[] = [];
  readonly stalls: number[] = [];
  readonly slips: number[] = [];
  /** What is known of a node otherwise. */
  readonly targets = new Map<string, MonitorTarget>();
  readonly monitor = new Monitor({
    clock: this.clock,
    target: (node) => this.targets.get(node) ?? targetOf(node),
    probes: this.probes,
    onMeasured: (measurement) => this.reported.push(measurement),
    onStalled: (ms) => this.stalls.push(ms),
    onBegun: (slipMs) => void this.slips.push(slipMs),
  });

  start(plan: readonly PlanEntry[]): void {
    this.monitor.setPlan(plan);
    this.monitor.start();
  }

  /** Times of the reported measurements of a node, from the start of the bench on. */
  startsOf(node: string): readonly number[] {
    return this.reported.filter((each) => each.node === node).map(({ startedAt }) => startedAt - 1_000_000);
  }
}

function targetOf(node: string): MonitorTarget {
  const index = Number(node.slice('web'.length));
  return { name: node, address: `10.0.${index >> 8}.${index & 255}`, subject: `uuid of ${node}` };
}
