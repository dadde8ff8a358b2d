import { statfs } from 'node:fs/promises';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import type { SelfFacts } from '../pool/consultation.ts';
import type { Clock } from './clock.ts';
import { probeTcp } from './probes/tcp.ts';

/** A stall that is longer ago than this, in milliseconds, says nothing of the present. */
const stallCountsForMs = 60_000;
const longestLagMs = 2_000;
const witnessTimeoutMs = 3_000;
/** The lag is that of at least this last time. */
const lagWindowMs = 10_000;

/** Where a controller outside the pool listens. */
export interface Witness {
  readonly host: string;
  readonly port: number;
}

/** What this controller can tell of itself: its event loop, its stalls, its disk, and whether it reaches a witness. */
export class SelfWatch {
  readonly #clock: Clock;
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 50 });
  readonly #callOff: { now: () => void } = { now: () => undefined };
  #before = 0;
  #stalledAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#delay.enable();
    this.#turnOver();
  }

  /** This process stood still. */
  stalled(): void {
    this.#stalledAt = this.#clock.now();
  }

  /** Whether what this controller says can be relied on, as far as it can tell at once. */
  get isTrusted(): boolean {
    const ago = this.#stalledAgoMs();
    return (ago === null || ago > stallCountsForMs) && this.#lagMs() <= longestLagMs;
  }

  /** `stateDir`: where the journal lies. Of the witnesses one that accepts a connection is enough. */
  async facts(stateDir: string, witnesses: readonly Witness[]): Promise<SelfFacts> {
    const freeBytes = await statfs(stateDir).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    );
    const reached = await Promise.all(witnesses.map(({ host, port }) => probeTcp(host, port, witnessTimeoutMs)));
    return {
      loopLagMs: Math.round(this.#lagMs()),
      stalledAgoMs: this.#stalledAgoMs(),
      freeBytes,
      isWitnessReached: witnesses.length === 0 ? null : reached.some(({ status }) => status === 'ok'),
    };
  }

  stop(): void {
    this.#delay.disable();
    this.#callOff.now();
  }

  #lagMs(): number {
    return Math.max(this.#before, this.#delay.max / 1e6);
  }

  #stalledAgoMs(): number | null {
    return this.#stalledAt === undefined ? null : Math.round(this.#clock.now() - this.#stalledAt);
  }

  #turnOver(): void {
    this.#before = this.#delay.max / 1e6;
    this.#delay.reset();
    this.#callOff.now = this.#clock.at(this.#clock.now() + lagWindowMs, () => this.#turnOver());
  }
}
