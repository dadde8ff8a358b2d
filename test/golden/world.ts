import { canRebuild } from '../../src/config/pool-policy.ts';
import type { AnyCheck, Check } from '../../src/config/schema.ts';
import type { ResultStatus } from '../../src/pool/check-state.ts';
import type { PoolPolicy } from '../../src/pool/policy.ts';
import { WorldClock, type TimerOwner } from './clock.ts';
import { GoldenLog } from './log.ts';
import { Machine } from './machine.ts';
import { policyOf } from './policy.ts';
import type { Scenario } from './scenario.ts';
import { VCenter, VCenterUnreachable, type Deed, type Vm } from './vcenter.ts';

/** Nothing stops the world's own timers. */
const always: TimerOwner = { heldUntil: 0, isGone: false };
/** Before the log begins, the controllers come to know their pool. */
const settlingMs = 90_000;
/** So often VMware Tools tell of their guest; what misses two beats is red. */
const beatMs = 20_000;
/** systemd starts a daemon that died after so long. */
const restartMs = 2_000;

/** A pool of machines with real controllers in a simulated vCenter and network. */
export class World {
  readonly scenario: Scenario;
  readonly clock = new WorldClock();
  readonly log: GoldenLog;
  readonly vcenter: VCenter;
  readonly machines = new Map<string, Machine>();
  nodes: readonly string[];
  mode: PoolPolicy['mode'];
  /** Builds of one incident, over all controllers. */
  generations: number;
  /** `A B`: nothing of A reaches B. */
  readonly cuts = new Set<string>();
  /** By `CHECK NODE`: what the check says although the node is up. */
  readonly troubles = new Map<string, ResultStatus>();
  /** Of `troubles`, those that end when the node is restored. */
  readonly stopped = new Set<string>();
  /** When the scenario begins; the log's time is counted from here. */
  readonly beginsAt: number;
  /** Hears of what is done to VMs, just before it is done. */
  onDeed: (what: Deed, vm: Vm, by: string) => void = () => undefined;
  #runs = 0;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.nodes = scenario.nodes;
    this.mode = scenario.safety.mode;
    this.generations = scenario.generations;
    this.beginsAt = scenario.cold ? 0 : settlingMs;
    this.log = new GoldenLog(() => this.clock.now - this.beginsAt);
    this.vcenter = new VCenter((line) => this.log.write('vcenter', line), {
      off: (vm) => this.machineOf(vm)?.die(),
      deed: (what, vm, by) => this.onDeed(what, vm, by),
      certified: (vm) => this.#moveIn(vm),
    });
    for (const node of scenario.nodes)
      this.machines.set(node, new Machine(this, node, this.vcenter.add(node, certifiedBy('regrow'))));
    if (scenario.tools) this.#beat(new Map());
    for (const name of scenario.admins) this.machines.set(name, new Machine(this, name, null));
  }

  /** At a time of the world's own. */
  later(time: number, work: () => void): void {
    this.clock.at(time, always, work);
  }

  after(ms: number, work: () => void): void {
    this.later(this.clock.now + ms, work);
  }

  /** kill -9 for every daemon at once; each is started again. */
  restartAll(): void {
    for (const machine of this.machines.values()) {
      if (machine.daemon === undefined) continue;
      machine.killDaemon();
      this.after(restartMs, () => machine.startDaemon());
    }
  }

  machine(name: string | undefined): Machine {
    const machine = this.machines.get(name ?? '');
    if (machine === undefined) throw new Error(`no machine is called ${name}`);
    return machine;
  }

  daemons(): readonly Machine[] {
    return [...this.machines.values()].filter(({ daemon }) => daemon !== undefined);
  }

  /** The one VM of that name. */
  vm(node: string | undefined): Vm {
    const [vm] = this.vcenter.named(node ?? '');
    if (vm === undefined) throw new Error(`no VM is called ${node}`);
    return vm;
  }

  /** The guest stops working; its VM stays on. */
  killNode(name: string): void {
    for (const vm of this.vcenter.named(name)) vm.isAlive = false;
    this.machines.get(name)?.die();
  }

  reviveNode(name: string): void {
    for (const vm of this.vcenter.named(name)) if (vm.power === 'on') this.reviveVm(vm);
  }

  reviveVm(vm: Vm): void {
    vm.isAlive = true;
    this.machineOf(vm)?.reboot();
  }

  checksOf(node: string): Readonly<Record<string, Check>> {
    return this.scenario.own_checks[node] ?? this.scenario.checks;
  }

  /** Under which name the scenario has the check; a fresh probe shortens its timeout. */
  nameOf(check: AnyCheck): string {
    const all = [this.scenario.checks, ...Object.values(this.scenario.own_checks)].flatMap((each) =>
      Object.entries(each),
    );
    return (
      all.find(
        ([, each]) => JSON.stringify({ ...each, timeout: 0 }) === JSON.stringify({ ...check, timeout: 0 }),
      )?.[0] ?? '?'
    );
  }

  policyFor({ name, isResting }: Machine): PoolPolicy {
    const { scenario, nodes } = this;
    const mode = isResting ? 'dry-run' : this.mode;
    return policyOf({ scenario, machine: name, nodes, mode, checksOf: (node) => this.checksOf(node) });
  }

  answers(observer: string, address: string | undefined, check: string): ResultStatus {
    if (address === undefined) return 'unknown';
    const vm = this.vcenter.vms.find((each) => each.address === address);
    if (vm === undefined || !vm.isAlive || this.cuts.has(`${observer} ${vm.node}`)) return 'failed';
    if ((this.machineOf(vm)?.boot.heldUntil ?? 0) > this.clock.now) return 'failed';
    return this.troubles.get(`${check} ${vm.node} ${observer}`) ?? this.troubles.get(`${check} ${vm.node}`) ?? 'ok';
  }

  /** The checks of a node that a rebuild rests on (default: all that lead to one), measured by one machine. */
  probeAll(observer: string, node: string, deciding?: readonly string[]): ResultStatus {
    const [vm] = this.vcenter.named(node);
    const statuses = Object.entries(this.checksOf(node))
      .filter(([name, check]) => canRebuild(check) && (deciding?.includes(name) ?? true))
      .map(([name]) => this.answers(observer, vm?.address, name));
    if (statuses.includes('failed')) return 'failed';
    return statuses.length === 0 || statuses.includes('unknown') ? 'unknown' : 'ok';
  }

  /** The node's settings, files and services again; false when it cannot be reached. */
  restore(observer: string, node: string): boolean {
    const [vm] = this.vcenter.named(node);
    if (vm === undefined || !vm.isAlive || this.cuts.has(`${observer} ${node}`)) return false;
    for (const trouble of this.stopped) {
      if (!trouble.endsWith(` ${node}`)) continue;
      this.stopped.delete(trouble);
      this.troubles.delete(trouble);
    }
    return true;
  }

  canReadVCenter(machine: string): boolean {
    return this.vcenter.state !== 'down' && !this.cuts.has(`${machine} vcenter`);
  }

  vcenterFor(machine: string): VCenter {
    if (!this.canReadVCenter(machine)) throw new VCenterUnreachable('vCenter cannot be reached');
    return this.vcenter;
  }

  newRunId(): string {
    this.#runs += 1;
    return `r${this.#runs}`;
  }

  /** The machine that a VM is; undefined before it is certified. */
  machineOf({ moid }: Vm): Machine | undefined {
    return [...this.machines.values()].find((machine) => machine.vm?.moid === moid);
  }

  #beat(missed: Map<string, number>): void {
    for (const vm of this.vcenter.vms) {
      const works = vm.power === 'on' && vm.isAlive && (this.machineOf(vm)?.boot.heldUntil ?? 0) <= this.clock.now;
      const misses = works ? 0 : (missed.get(vm.moid) ?? 0) + 1;
      missed.set(vm.moid, misses);
      if (works || misses >= 2) vm.heartbeat = works ? 'green' : vm.power === 'off' ? 'gray' : 'red';
    }
    this.after(beatMs, () => this.#beat(missed));
  }

  /** A node that was built has a controller with an empty disk. */
  #moveIn(vm: Vm): void {
    const machine = new Machine(this, vm.node, vm);
    this.machines.get(vm.node)?.die();
    this.machines.set(vm.node, machine);
    if (!vm.isAlive) machine.die();
    this.after(0, () => machine.startDaemon());
  }
}

/** The mark of a VM that is a node. */
export function certifiedBy(by: string): NonNullable<Vm['mark']> {
  return { kind: 'certified', by };
}
