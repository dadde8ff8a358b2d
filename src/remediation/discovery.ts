import type { ReconcilerClock } from './reconciler.ts';

export interface DiscoveryParts<Reading> {
  readonly clock: ReconcilerClock;
  /** One reading of the whole pool. A rejection says that vCenter could not be read. */
  read(): Promise<Reading>;
  /** `begunAt`: monotonic milliseconds. */
  onRead(reading: Reading, begunAt: number): void;
  onUnreadable(error: unknown): void;
}

/** Two readings that were asked for at once are not closer than this, in milliseconds: each costs a second of computing. */
const leastPauseMs = 2_000;

/** Reads vCenter on its own interval, and soon when asked to; never two readings at once. */
export class Discovery<Reading> {
  readonly #parts: DiscoveryParts<Reading>;
  #intervalMs: number;
  #callOff: () => void = () => undefined;
  #isReading = false;
  #isAskedFor = false;
  #isStopped = false;
  #lastEndedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: DiscoveryParts<Reading>, intervalMs: number) {
    this.#parts = parts;
    this.#intervalMs = intervalMs;
  }

  /** The first reading starts at once. */
  start(): void {
    this.#read();
  }

  stop(): void {
    this.#isStopped = true;
    this.#callOff();
  }

  setInterval(intervalMs: number): void {
    this.#intervalMs = intervalMs;
    if (!this.#isReading) this.#schedule();
  }

  /** A reading that begins from now on. Many requests are one reading. */
  soon(): void {
    this.#isAskedFor = true;
    if (!this.#isReading) this.#schedule();
  }

  #schedule(): void {
    this.#callOff();
    if (this.#isStopped) return;
    const pauseMs = this.#isAskedFor ? Math.min(leastPauseMs, this.#intervalMs) : this.#intervalMs;
    this.#callOff = this.#parts.clock.at(this.#lastEndedAt + pauseMs, () => this.#read());
  }

  #read(): void {
    if (this.#isReading || this.#isStopped) return;
    this.#isReading = true;
    this.#isAskedFor = false;
    void this.#readOnce().finally(() => {
      this.#isReading = false;
      this.#lastEndedAt = this.#parts.clock.now();
      this.#schedule();
    });
  }

  async #readOnce(): Promise<void> {
    const begunAt = this.#parts.clock.now();
    try {
      const reading = await this.#parts.read();
      if (!this.#isStopped) this.#parts.onRead(reading, begunAt);
    } catch (error) {
      if (!this.#isStopped) this.#parts.onUnreadable(error);
    }
  }
}
