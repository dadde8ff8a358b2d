import pino from 'pino';
import { Monitor } from '../../src/monitor/monitor.ts';
import type { PlanEntry } from '../../src/monitor/plan.ts';
import { Discovery } from '../../src/remediation/discovery.ts';
import { faultMemory } from '../../src/remediation/fault-memory.ts';
import { Reconciler, type Hands, type ReconcilerMemory } from '../../src/remediation/reconciler.ts';
import { Targets } from '../../src/remediation/targets.ts';
import { recordText } from './log.ts';
import { ProcessClock, type TimerOwner } from './clock.ts';
import type { Machine, RunRecord } from './machine.ts';
import { probesOf } from './probes.ts';
import { lookAtAll, readNode, seenOf, type NodeLook } from './readings.ts';
import { VCenterUnreachable } from './vcenter.ts';
import type { World } from './world.ts';

type Looks = ReadonlyMap<string, NodeLook>;

const readingMs = 1_000;
const slowReadingMs = 30_000;
const readingEveryMs = 20_000;
const log = pino({ level: 'silent' });

/** One process of a controller: the real monitor, state machine and reconciler in a simulated world. */
export class Daemon implements TimerOwner {
  readonly #machine: Machine;
  readonly #world: World;
  readonly #clock: ProcessClock;
  readonly reconciler: Reconciler;
  readonly #monitor: Monitor;
  readonly #targets: Targets;
  readonly #discovery: Discovery<Looks>;
  #stoppedUntil = 0;
  #isDead = false;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#world = machine.world;
    this.#clock = new ProcessClock(this.#world.clock, this, this.#world.clock.now - machine.boot.clock.now());
    this.#targets = new Targets(machine.journal);
    this.#discovery = new Discovery(
      {
        clock: this.#clock,
        read: () => this.#read(),
        onRead: (looks) => this.#deliver(looks),
        onUnreadable: () => this.reconciler.handle({ kind: 'unreadable' }),
      },
      readingEveryMs,
    );
    this.reconciler = new Reconciler({
      policy: this.#world.policyFor(machine),
      clock: this.#clock,
      memory: this.#memory(),
      hands: this.#hands(),
      log,
    });
    this.#monitor = new Monitor({
      clock: this.#clock,
      probes: probesOf(this.#world, machine.name, this.#clock),
      target: (node) => this.#targets.of(node, this.reconciler.state),
      onMeasured: ({ node, check, subject, result }) => {
        const { status, detail } = result;
        this.reconciler.handle({ kind: 'measured', node, check, subject, status, detail });
      },
      onStalled: (ms) => {
        this.#world.log.write(machine.name, `stood still for ${Math.round(ms / 1000)} s`);
        this.reconciler.handle({ kind: 'stalled', ms });
      },
    });
  }

  get heldUntil(): number {
    return Math.max(this.#stoppedUntil, this.#machine.boot.heldUntil);
  }

  get isGone(): boolean {
    return this.#isDead || this.#machine.boot.isGone;
  }

  /** Its monotonic time. */
  now(): number {
    return this.#clock.now();
  }

  start(): void {
    this.#world.log.write(this.#machine.name, 'starts');
    this.hearOfPauses();
    this.#recover();
    this.#targets.refresh(this.#world.nodes);
    this.replan();
    this.reconciler.handle({ kind: 'time' });
    this.#discovery.start();
    this.#monitor.start();
  }

  die(): void {
    this.#isDead = true;
    this.reconciler.stop();
    this.#monitor.stop();
    this.#discovery.stop();
  }

  /** SIGSTOP, and SIGCONT later. */
  stall(ms: number): void {
    this.#stoppedUntil = this.#world.clock.now + ms;
  }

  hearOfPauses(): void {
    this.reconciler.handle({ kind: 'pauses', pauses: this.#machine.pauses });
  }

  hearOfEnd(record: RunRecord): void {
    this.#soon(() => {
      if (record.ended === null) return;
      const { node, id: run, ended } = record;
      this.reconciler.handle({ kind: 'run-ended', node, run, ...ended });
      record.isTold = true;
    });
  }

  resume(node: string): void {
    this.reconciler.handle({ kind: 'resumed', node });
  }

  /** The pool or its checks are others than before. */
  replan(): void {
    const policy = this.#world.policyFor(this.#machine);
    if (JSON.stringify(policy) !== JSON.stringify(this.reconciler.policy)) this.reconciler.replan(policy);
    const entries = this.#world.nodes
      .filter((node) => node !== policy.self)
      .flatMap((node): readonly PlanEntry[] =>
        Object.entries(this.#world.checksOf(node)).map(([name, check]) => ({ node, name, check })),
      );
    this.#monitor.setPlan(entries);
  }

  /** What a rebuild that was going on became meanwhile. */
  #recover(): void {
    for (const [node, { fault }] of Object.entries(this.reconciler.state.nodes)) {
      if (fault?.course.kind !== 'running') continue;
      const record = this.#machine.runs.findLast((each) => each.node === node && !each.isTold);
      if (record === undefined) {
        // The order was written down, and nothing was begun.
        this.reconciler.handle({ kind: 'run-busy', node });
      } else if (this.#machine.isRunning(record)) this.reconciler.handle({ kind: 'run-started', node, run: record.id });
      else if (record.ended !== null) {
        this.reconciler.handle({ kind: 'run-ended', node, run: record.id, ...record.ended });
        record.isTold = true;
      }
    }
  }

  #memory(): ReconcilerMemory {
    const { journal, boot } = this.#machine;
    const inner = faultMemory({
      journal,
      monotonicMs: () => this.#clock.now(),
      now: () => this.#machine.wallNow(),
      bootId: boot.id,
      nodes: () => this.#world.nodes,
    });
    let told: (string | undefined)[] = [];
    return {
      ...inner,
      record: (node, type, data) => {
        inner.record(node, type, data);
        told.push(recordText(type, node, data));
      },
      atomically: (body) => {
        if (this.isGone) throw new Error('the process is gone');
        told = [];
        inner.atomically(body);
        for (const line of told)
          if (line !== undefined && !this.isGone) this.#world.log.write(this.#machine.name, line);
      },
    };
  }

  #hands(): Hands {
    return {
      discover: () => {
        if (!this.isGone) this.#discovery.soon();
      },
      rebuild: ({ node, judged, attempt }) => {
        if (this.isGone) return;
        this.#world.log.write(this.#machine.name, `ORDER rebuild ${node} ${judged?.moid ?? 'none'} attempt ${attempt}`);
        this.#soon(() => this.#rebuild(node, judged));
      },
      act: ({ node, check, action }) => {
        if (this.isGone) return;
        this.#world.log.write(this.#machine.name, `ACT ${action.kind} ${node} for ${check}`);
      },
    };
  }

  #rebuild(node: string, judged: Parameters<Machine['startRun']>[1]): void {
    const record = this.#machine.startRun(node, judged);
    if (record === 'busy') {
      this.#world.log.write(this.#machine.name, `the slot is taken`);
      this.reconciler.handle({ kind: 'run-busy', node });
    } else if (!this.isGone) this.reconciler.handle({ kind: 'run-started', node, run: record.id });
  }

  /** What is there when it begins is told when it ends, unless vCenter went away meanwhile. */
  async #read(): Promise<Looks> {
    const looks = this.#look();
    const takesMs = this.#world.vcenter.state === 'slow' ? slowReadingMs : readingMs;
    await new Promise<void>((resolve) => {
      this.#after(takesMs, () => {
        this.#world.clock.unsettle();
        resolve();
      });
    });
    if (looks === undefined || this.#look() === undefined) throw new VCenterUnreachable('vCenter cannot be reached');
    const { journal } = this.#machine;
    const seenAt = this.#machine.wallNow().toISOString();
    journal.atomically(() => {
      for (const [node, look] of looks) journal.nodes.upsert(seenOf(node, look, seenAt));
    });
    return looks;
  }

  #look(): Looks | undefined {
    const { name } = this.#machine;
    return this.#world.canReadVCenter(name) ? lookAtAll(this.#world.vcenter, this.#world.nodes) : undefined;
  }

  #deliver(looks: Looks): void {
    this.#targets.refresh(this.#world.nodes);
    const { observations } = this.#machine.journal;
    const nodes = [...looks].map(([node, look]) => {
      const since = (fingerprint: string): number =>
        observations.seen(`pending/${node}`, fingerprint, this.#machine.boot.id, this.#clock.now());
      return [node, readNode(look, since)] as const;
    });
    this.reconciler.handle({ kind: 'read', nodes: Object.fromEntries(nodes) });
  }

  #soon(work: () => void): void {
    this.#after(0, work);
  }

  #after(ms: number, work: () => void): () => void {
    return this.#clock.at(this.#clock.now() + ms, work);
  }
}
