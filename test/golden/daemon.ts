import pino from 'pino';
import { Monitor } from '../../src/monitor/monitor.ts';
import type { PlanEntry } from '../../src/monitor/plan.ts';
import { Discovery } from '../../src/remediation/discovery.ts';
import { Consultations } from '../../src/remediation/consultations.ts';
import { LatestResults } from '../../src/remediation/latest-results.ts';
import { observationOf } from '../../src/remediation/report.ts';
import type { Observation } from '../../src/pool/report.ts';
import { isAtWork } from '../../src/pool/act-gates.ts';
import { observersOf } from '../../src/pool/observers.ts';
import { faultMemory } from '../../src/remediation/fault-memory.ts';
import { Reconciler, type Hands, type ReconcilerMemory } from '../../src/remediation/reconciler.ts';
import { Targets } from '../../src/remediation/targets.ts';
import { confirmationOf, selfOf, votesOn, type Asking } from './asking.ts';
import { recordText } from './log.ts';
import { ProcessClock, type TimerOwner } from './clock.ts';
import type { Machine, RunOrder, RunRecord } from './machine.ts';
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
  readonly #consultations: Consultations;
  readonly #results = new LatestResults();
  #isReadable = false;
  #stalledAt: number | undefined;
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
        onRead: (looks, begunAt) => this.#deliver(looks, begunAt),
        onUnreadable: () => {
          this.#isReadable = false;
          this.reconciler.handle({ kind: 'unreadable' });
        },
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
    const probes = probesOf(this.#world, machine.name, this.#clock);
    this.#consultations = this.#newConsultations({ world: this.#world, machine, clock: this.#clock, probes });
    this.#monitor = new Monitor({
      clock: this.#clock,
      probes,
      target: (node) => this.#targets.of(node, this.reconciler.state),
      onMeasured: ({ node, check, subject, endedAt, result }) => {
        const { status, detail, latencyMs } = result;
        this.#results.set(node, check, { status, detail, latencyMs, at: '', atMs: endedAt });
        this.reconciler.handle({ kind: 'measured', node, check, subject, status, detail });
      },
      onStalled: (ms) => {
        this.#world.log.write(machine.name, `stood still for ${Math.round(ms / 1000)} s`);
        this.#stalledAt = this.#clock.now();
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
      this.#tellEnd(record, record.ended);
      record.isTold = true;
    });
  }

  #tellEnd({ node, id: run, kind }: RunRecord, ended: NonNullable<RunRecord['ended']>): void {
    const { outcome, message } = ended;
    this.reconciler.handle(
      kind === 'restore'
        ? { kind: 'restore-ended', node, run, outcome, message }
        : { kind: 'run-ended', node, run, ...ended },
    );
  }

  /** What it tells the others of a node. */
  observation(node: string): Observation | undefined {
    const { state, policy } = this.reconciler;
    const stalledAgoMs = this.#stalledAgoMs();
    const trusted =
      this.#isReadable && (stalledAgoMs === null || stalledAgoMs > 60_000) && this.#machine.loopLagMs <= 2_000;
    return observationOf({ policy, state, results: this.#results, trusted, nowMs: this.#clock.now() }, node);
  }

  /** A person's answer to what it asks about a node. */
  answer(node: string, answer: 'given' | 'rejected', reason: string): void {
    const run = this.reconciler.state.nodes[node]?.fault?.approval?.run;
    if (run === null || run === undefined) throw new Error(`nothing was asked about ${node}`);
    this.reconciler.handle({ kind: 'answered', node, run, answer, by: 'alice', reason });
  }

  resumePool(): void {
    this.reconciler.handle({ kind: 'pool-resumed' });
  }

  resume(node: string): void {
    this.reconciler.handle({ kind: 'resumed', node });
  }

  /** The pool or its checks are others than before. */
  replan(): readonly PlanEntry[] {
    const policy = this.#world.policyFor(this.#machine);
    if (JSON.stringify(policy) !== JSON.stringify(this.reconciler.policy)) this.reconciler.replan(policy);
    const entries = this.#world.nodes
      .filter((node) => node !== policy.self && this.#observes(node))
      .flatMap((node): readonly PlanEntry[] =>
        Object.entries(this.#world.checksOf(node)).map(([name, check]) => ({ node, name, check })),
      );
    this.#monitor.setPlan(entries);
    return entries;
  }

  #observes(node: string): boolean {
    const { self } = this.#world.policyFor(this.#machine);
    const { nodes } = this.reconciler.state;
    return self === null || observersOf(node, this.#world.nodes, (name) => isAtWork(nodes[name])).includes(self);
  }

  #stalledAgoMs(): number | null {
    return this.#stalledAt === undefined ? null : this.#clock.now() - this.#stalledAt;
  }

  #newConsultations(asking: Asking): Consultations {
    return new Consultations({
      inquiry: {
        votes: async (node) => votesOn(asking, node, this.reconciler.state),
        confirm: async (node, checks) => {
          const { state } = this.reconciler;
          return confirmationOf(asking, this.#targets.of(node, state), state.nodes[node], checks);
        },
        self: async () => selfOf(asking, this.#stalledAgoMs()),
        rollout: async () => this.#machine.rollout,
      },
      tell: (event) => {
        if (!this.isGone) this.#soon(() => this.reconciler.handle(event));
      },
      log,
    });
  }

  /** What a rebuild that was going on became meanwhile. */
  #recover(): void {
    for (const [node, { fault }] of Object.entries(this.reconciler.state.nodes)) {
      const course = fault?.course.kind;
      if (course !== 'running' && course !== 'restoring') continue;
      const kind = course === 'running' ? 'rebuild' : 'restore';
      const record = this.#machine.runs.findLast((each) => each.node === node && each.kind === kind && !each.isTold);
      if (record === undefined) {
        // The order was written down, and nothing was begun.
        this.reconciler.handle({ kind: 'run-busy', node });
      } else if (this.#machine.isRunning(record)) this.reconciler.handle({ kind: 'run-started', node, run: record.id });
      else if (record.ended !== null) {
        this.#tellEnd(record, record.ended);
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
      consult: (order) => {
        this.#world.clock.unsettle();
        if (!this.isGone) this.#consultations.order(order);
      },
      rebuild: ({ node, judged, attempt, checks, approved }) => {
        if (this.isGone) return;
        const what = `ORDER rebuild ${node} ${judged?.moid ?? 'none'} attempt ${attempt}`;
        this.#world.log.write(
          this.#machine.name,
          approved === null ? what : `${what}, ${approved.run} approved by ${approved.by}`,
        );
        this.#soon(() => this.#run('rebuild', { node, judged, checks, id: approved?.run }));
      },
      restore: ({ node, vm, checks }) => {
        if (this.isGone) return;
        this.#world.log.write(this.#machine.name, `ORDER restore ${node} for ${checks.join(', ')}`);
        this.#soon(() => this.#run('restore', { node, judged: vm }));
      },
      ask: ({ node }) => {
        if (this.isGone) return;
        const run = this.#world.newRunId();
        this.reconciler.handle({ kind: 'asked', node, run });
      },
      unask: ({ node, run, outcome, message }) => {
        if (!this.isGone) this.#world.log.write(this.#machine.name, `${run} of ${node}: ${outcome}, ${message}`);
      },
      act: ({ node, check, action }) => {
        if (this.isGone) return;
        this.#world.log.write(this.#machine.name, `ACT ${action.kind} ${node} for ${check}`);
      },
    };
  }

  #run(kind: RunRecord['kind'], order: RunOrder): void {
    const { node } = order;
    const record = this.#machine.startRun(kind, order);
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

  #deliver(looks: Looks, begunAt: number): void {
    this.#isReadable = true;
    this.#targets.refresh(this.#world.nodes);
    const { observations } = this.#machine.journal;
    const nodes = [...looks].map(([node, look]) => {
      const since = (fingerprint: string): number =>
        observations.seen(`pending/${node}`, fingerprint, this.#machine.boot.id, this.#clock.now());
      return [node, readNode(look, since)] as const;
    });
    this.reconciler.handle({ kind: 'read', begunAt, nodes: Object.fromEntries(nodes) });
    // Who observes whom follows from who is at work.
    const measured = this.replan().map(({ node }) => node);
    this.reconciler.handle({ kind: 'observing', nodes: [...new Set(measured)] });
  }

  #soon(work: () => void): void {
    this.#after(0, work);
  }

  #after(ms: number, work: () => void): () => void {
    return this.#clock.at(this.#clock.now() + ms, work);
  }
}
