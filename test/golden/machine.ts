import type { ActivePause } from '../../src/pool/node-state.ts';
import type { VmIdentity } from '../../src/pool/outcome.ts';
import { FakeJournal } from '../fakes/journal.ts';
import { ProcessClock, type TimerOwner } from './clock.ts';
import { Daemon } from './daemon.ts';
import { abandon, rebuildSteps, restoreSteps, stepMs, type Ended, type Site, type StepName } from './rebuild.ts';
import { fingerprintOf } from './readings.ts';
import type { World } from './world.ts';

/** One boot of a machine: its timers end with it. */
interface Boot extends TimerOwner {
  heldUntil: number;
  isGone: boolean;
  readonly id: string;
  readonly clock: ProcessClock;
}

/** A rebuild or a restore as the machine's journal has it. */
/** What a run is started with. `id`: of the run that was approved; `checks`: those that count. */
export interface RunOrder {
  readonly node: string;
  readonly judged: VmIdentity | null;
  readonly id?: string | undefined;
  readonly checks?: readonly string[];
}

export interface RunRecord {
  readonly id: string;
  readonly node: string;
  readonly kind: 'rebuild' | 'restore';
  ended: Ended | null;
  /** The daemon has heard of its end. */
  isTold: boolean;
}

interface ActiveRun {
  readonly record: RunRecord;
  readonly steps: Generator<StepName, Ended, void>;
  callOff: () => void;
  callOffDeadline: () => void;
}

/** What befalls a run when it begins a step: it hangs, its machine dies, its daemon is killed. */
export type Trap = 'hang' | 'die' | 'crash';

/** Honest; says of all that they have failed, or live; speaks of VMs of old; says nothing; takes longer than anybody waits. */
export const tempers = ['honest', 'dead', 'alive', 'old', 'silent', 'slow'] as const;
export type Temper = (typeof tempers)[number];

/** A machine with a controller: its disk, its boot, its one rebuild at a time. Rebuilds outlive the daemon, not the boot. */
export class Machine {
  readonly name: string;
  /** The VM that it is; null for a machine beside the pool. */
  readonly vm: VmIdentity | null;
  readonly world: World;
  readonly journal = new FakeJournal();
  readonly runs: RunRecord[] = [];
  pauses: readonly ActivePause[] = [];
  /** Its own regrow.yml says dry-run. */
  isResting = false;
  /** How far the wall clock is off, in milliseconds. */
  wallShift = 0;
  /** How its controller answers the others, when it is not itself. */
  temper: Temper = 'honest';
  /** How long its event loop is held up, in milliseconds. */
  loopLagMs = 0;
  freeBytes: number | null = 1e12;
  /** Why nothing should be built from here. */
  rollout: string | null = null;
  readonly traps = new Map<StepName, Trap>();
  daemon: Daemon | undefined;
  /** Nobody starts its daemon but the scenario. */
  isDisabled = false;
  #boot: Boot;
  #boots = 0;
  #active: ActiveRun | undefined;
  #occupiedUntil = 0;

  constructor(world: World, name: string, vm: VmIdentity | null) {
    this.world = world;
    this.name = name;
    this.vm = vm;
    this.#boot = this.#newBoot();
  }

  get boot(): Readonly<Boot> {
    return this.#boot;
  }

  /** It stands still until then, with its daemon or alone. */
  get heldUntil(): number {
    return Math.max(this.#boot.heldUntil, this.daemon?.heldUntil ?? 0);
  }

  get isUp(): boolean {
    return !this.#boot.isGone;
  }

  wallNow(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.world.clock.now + this.wallShift);
  }

  startDaemon(): void {
    if (!this.isUp || this.isDisabled || this.daemon !== undefined) return;
    this.#settleDeadRuns();
    this.daemon = new Daemon(this);
    this.daemon.start();
  }

  /** kill -9. A rebuild of its goes on. */
  killDaemon(): void {
    this.daemon?.die();
    this.daemon = undefined;
  }

  /** kill -9, and it is not started again. */
  disable(): void {
    this.isDisabled = true;
    this.killDaemon();
  }

  /** Everything on it ends at once; the disk stays. */
  die(): void {
    this.killDaemon();
    this.#boot.isGone = true;
    this.#active = undefined;
  }

  /** It starts again, with its disk as it is. */
  reboot(): void {
    this.die();
    this.#boot = this.#newBoot();
    this.startDaemon();
  }

  /** The machine stands still, with all that runs on it. */
  freeze(ms: number): void {
    this.#boot.heldUntil = this.world.clock.now + ms;
  }

  /** Somebody else's rebuild takes the slot. */
  occupy(ms: number): void {
    this.#occupiedUntil = this.world.clock.now + ms;
  }

  isRunning(record: RunRecord): boolean {
    return this.#active?.record === record;
  }

  /** Starts a rebuild or a restore, or says that the slot is taken. */
  startRun(kind: RunRecord['kind'], order: RunOrder): RunRecord | 'busy' {
    if (this.#active !== undefined || this.world.clock.now < this.#occupiedUntil) return 'busy';
    const record: RunRecord = {
      id: order.id ?? this.world.newRunId(),
      node: order.node,
      kind,
      ended: null,
      isTold: false,
    };
    this.runs.push(record);
    const active: ActiveRun = {
      record,
      steps: kind === 'rebuild' ? rebuildSteps(this.#site(record, order)) : restoreSteps(this.#site(record, order)),
      callOff: () => undefined,
      callOffDeadline: this.#at(this.world.scenario.deadline, () =>
        this.#stop('failed', 'it took longer than the deadline'),
      ),
    };
    this.#active = active;
    this.#goOn(active);
    return record;
  }

  /** An operator ends the run. */
  cancelRun(): void {
    this.#stop('cancelled', 'cancelled by an operator');
  }

  #goOn(active: ActiveRun): void {
    const next = active.steps.next();
    if (next.done === true) return this.#finish(active, next.value);
    const trap = this.traps.get(next.value);
    this.traps.delete(next.value);
    if (trap !== undefined) this.world.log.write('**', `${trap} ${this.name} at ${next.value}`);
    if (trap === 'hang') return undefined;
    if (trap === 'die') return this.world.killNode(this.name);
    if (trap === 'crash') this.disable();
    active.callOff = this.#at(stepMs[next.value], () => this.#goOn(active));
    return undefined;
  }

  #stop(outcome: 'failed' | 'cancelled', message: string): void {
    const active = this.#active;
    if (active === undefined) return;
    const claim = this.world.vcenter.claims.find(
      ({ run, decision }) => run === active.record.id && decision === 'open',
    );
    if (claim !== undefined) abandon(this.#site(active.record, { judged: null }), claim);
    this.#finish(active, { outcome, gate: null, message, by: null, isAttempt: true });
  }

  #finish(active: ActiveRun, ended: Ended): void {
    active.callOff();
    active.callOffDeadline();
    active.record.ended = ended;
    this.#journalEnd(active.record, ended);
    this.#active = undefined;
    const gate = ended.gate === null ? '' : ` (${ended.gate})`;
    this.world.log.write(
      this.name,
      `${active.record.id} of ${active.record.node}: ${ended.outcome}${gate}, ${ended.message}`,
    );
    this.daemon?.hearOfEnd(active.record);
  }

  /** As the real runs do it: the journal knows of the end before the daemon. A full disk loses it. */
  #journalEnd({ id: run, node, kind }: RunRecord, { outcome }: Ended): void {
    if (this.journal.isFull) return;
    this.journal.events.append({ at: this.wallNow().toISOString(), run, node, type: `${kind}.${outcome}`, data: {} });
  }

  /** What ran when the machine went down is over: its generation is ended, its VM removed. */
  #settleDeadRuns(): void {
    for (const record of this.runs) {
      if (record.ended !== null || this.isRunning(record)) continue;
      const claim = this.world.vcenter.claims.find(({ run, decision }) => run === record.id && decision === 'open');
      if (claim !== undefined) abandon(this.#site(record, { judged: null }), claim);
      record.ended = {
        outcome: 'interrupted',
        gate: null,
        message: 'its machine went down',
        by: null,
        isAttempt: true,
      };
    }
  }

  #site(record: RunRecord, { judged, checks }: Pick<RunOrder, 'judged' | 'checks'>): Site {
    const { world, name } = this;
    const { node, id: run } = record;
    return {
      node,
      judged,
      run,
      by: name,
      maxBuilds: world.generations,
      vcenter: () => world.vcenterFor(name),
      reaches: (vm) => world.answers(name, vm.address, 'sshd') === 'ok',
      probe: () => world.probeAll(name, node, checks),
      restore: () => world.restore(name, node),
      mayEnd: (claim) =>
        this.runs.some((each) => each.id === claim.run && !this.isRunning(each)) ||
        this.#sawUnchanged(node, fingerprintOf(claim)),
    };
  }

  #sawUnchanged(node: string, fingerprint: string): boolean {
    const since = this.#boot.clock.now() - this.world.scenario.takeover;
    return this.journal.observations.unchangedSince(`pending/${node}`, this.#boot.id, since).includes(fingerprint);
  }

  #at(ms: number, work: () => void): () => void {
    return this.world.clock.at(this.world.clock.now + ms, this.#boot, work);
  }

  #newBoot(): Boot {
    this.#boots += 1;
    const boot = { heldUntil: 0, isGone: false, id: `${this.name}-${this.vm?.moid ?? 'admin'}-${this.#boots}` };
    // Monotonic clocks of two machines have nothing to do with each other.
    const before = 1_000_003 * (this.name.length + (this.name.codePointAt(this.name.length - 1) ?? 0));
    const clock = new ProcessClock(this.world.clock, boot, this.world.clock.now - before);
    return Object.assign(boot, { clock });
  }
}
