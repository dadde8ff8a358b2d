import { Lanes, type LaneName } from './lanes.ts';
import type { Measurement } from './measurement.ts';
import { measureWork, unmeasured, type Measured, type MeasuringParts } from './measuring.ts';
import { identityOf, nextPlan, type Plan, type PlanEntry } from './plan.ts';
import type { ProbeResult } from './probes/probe-result.ts';
import { entriesOf, nextPulses, timeoutOf, type Pulse, type Work } from './pulse.ts';
import { dueFrom, nextDue } from './rhythm.ts';
import { Schedule } from './schedule.ts';
import { SlipHistogram, type SlipSummary } from './slip.ts';
import { StallWatch } from './stall.ts';

/** What the monitor works with, and whom it tells. */
export interface MonitorParts extends MeasuringParts {
  onMeasured(measurement: Measurement): void;
  /** A measurement, or a round of pings, begins, so late against its schedule. */
  onBegun?(slipMs: number): void;
  /** This process stood still for so long. What was in flight is discarded; nothing is made up for. */
  onStalled(ms: number): void;
}

/** How many measurements of each result were reported since the start. */
export type ResultCounts = Readonly<Record<ProbeResult['status'], number>>;

/** One time that work is due, until it was measured. */
interface Turn {
  readonly pulse: Pulse;
  readonly work: Work;
  dueAt: number;
  /** How many stalls there had been. After one more, nothing of this turn is reported. */
  stalls: number;
  /** Null while it waits in its lane. */
  startedAt: number | null;
}

/** A probe ends by itself at its timeout. One that still runs so long afterwards is reported as unknown at each of its times. */
const overrunMs = 10_000;

/**
 * Measures all checks of a plan, each in its rhythm, and reports what was measured. Idle until `start`, running until `stop`, and
 * silent afterwards. Per check at most one measurement is under way.
 */
export class Monitor {
  readonly #parts: MonitorParts;
  readonly #schedule: Schedule<Pulse>;
  readonly #watch: StallWatch;
  readonly #lanes = new Lanes();
  readonly #slip = new SlipHistogram();
  readonly #counts = { ok: 0, failed: 0, unknown: 0 };
  readonly #turns = new Map<string, Turn>();
  #mode: 'idle' | 'running' | 'stopped' = 'idle';
  #plan: Plan = new Map();
  #pulses: ReadonlyMap<string, Pulse> = new Map();
  #stalls = 0;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#schedule = new Schedule(parts.clock, () => this.#beginDue());
    this.#watch = new StallWatch(parts.clock, (ms) => this.#stalled(ms));
  }

  /** Measures these checks from now on. Unchanged ones keep their rhythm; nothing more is reported of those that are gone. */
  setPlan(entries: readonly PlanEntry[]): void {
    this.#plan = nextPlan(this.#plan, entries);
    if (this.#mode === 'running') this.#arrange();
  }

  start(): void {
    if (this.#mode !== 'idle') return;
    this.#mode = 'running';
    this.#watch.start();
    this.#arrange();
  }

  /** Reports nothing more, and leaves no timer. Probes that run end by themselves at their timeouts. */
  stop(): void {
    this.#mode = 'stopped';
    this.#watch.stop();
    this.#schedule.replace([]);
    this.#lanes.clear();
  }

  /** How late measurements started, since the last call. */
  takeSlip(): SlipSummary {
    return this.#slip.take();
  }

  /** How many results were reported. */
  counts(): ResultCounts {
    return { ...this.#counts };
  }

  /** How many measurements wait in each lane. */
  waiting(): Readonly<Record<LaneName, number>> {
    return this.#lanes.waiting();
  }

  #arrange(): void {
    this.#pulses = nextPulses(this.#pulses, this.#plan, this.#parts.clock.now());
    this.#schedule.replace([...this.#pulses.values()]);
  }

  #stalled(ms: number): void {
    this.#stalls += 1;
    const now = this.#parts.clock.now();
    for (const pulse of this.#pulses.values()) if (pulse.dueAt <= now) pulse.dueAt = dueFrom(pulse.rhythm, now);
    this.#schedule.replace([...this.#pulses.values()]);
    this.#parts.onStalled(ms);
  }

  #beginDue(): void {
    this.#watch.look();
    const now = this.#parts.clock.now();
    const due = this.#schedule.takeDue(now).map((pulse) => ({ pulse, dueAt: pulse.dueAt }));
    // All go back before the first begins: beginning can report, and whoever is told may set another plan.
    for (const { pulse, dueAt } of due) {
      pulse.dueAt = nextDue(pulse.rhythm, dueAt, now);
      this.#schedule.put(pulse);
    }
    for (const { pulse, dueAt } of due) this.#begin(pulse, dueAt);
  }

  #begin(pulse: Pulse, dueAt: number): void {
    const last = this.#turns.get(pulse.identity);
    if (last) return this.#leaveOut(last, pulse, dueAt);
    const turn: Turn = { pulse, work: pulse.work, dueAt, stalls: this.#stalls, startedAt: null };
    this.#turns.set(pulse.identity, turn);
    // It rejects only when whoever was told threw: a fault of the program, that ends it.
    void this.#lanes.run(turn.work, () => this.#measure(turn)).finally(() => this.#turns.delete(pulse.identity));
  }

  /** It is due while its last turn is not over. A check never overlaps itself, so one time is left out. */
  #leaveOut(last: Turn, pulse: Pulse, dueAt: number): void {
    const now = this.#parts.clock.now();
    if (last.startedAt !== null) {
      const runsMs = now - last.startedAt;
      if (runsMs < timeoutOf(last.work) + overrunMs) return;
      const detail = `the last measurement has not ended after ${Math.round(runsMs)} ms`;
      return this.#report(this.#stalls, unmeasured(pulse.work, now, detail));
    }
    // Of an older check by that name: it leaves the lane when its turn comes.
    if (last.pulse !== pulse) return;
    const { stalls } = last;
    // It keeps its place in the lane, for the time that is due now.
    last.dueAt = dueAt;
    last.stalls = this.#stalls;
    this.#report(stalls, unmeasured(pulse.work, now, 'late: a whole interval passed before it could start'));
  }

  async #measure(turn: Turn): Promise<void> {
    const entries = entriesOf(turn.work);
    if (!entries.some((entry) => this.#isWanted(entry, turn.stalls))) return;
    turn.startedAt = this.#parts.clock.now();
    const slipMs = turn.startedAt - turn.dueAt;
    this.#slip.record(slipMs, entries.length);
    this.#parts.onBegun?.(slipMs);
    const { stalls } = turn;
    this.#report(stalls, await measureWork(turn.work, this.#parts));
  }

  /** `stalls`: how many there had been when these were due. */
  #report(stalls: number, measured: readonly Measured[]): void {
    this.#watch.look();
    for (const { entry, measurement } of measured) {
      if (!this.#isWanted(entry, stalls)) continue;
      this.#counts[measurement.result.status] += 1;
      this.#parts.onMeasured(measurement);
    }
  }

  #isWanted(entry: PlanEntry, stalls: number): boolean {
    return this.#mode === 'running' && stalls === this.#stalls && this.#plan.get(identityOf(entry)) === entry;
  }
}
