import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/monitor/clock.ts';

interface Timer {
  readonly at: number;
  readonly work: () => void;
}

/** A clock that stands until a test moves it. */
export class SimulatedClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now: number;
  #suspendedMs = 0;

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  at(monotonicMs: number, work: () => void): () => void {
    const timer = { at: monotonicMs, work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  suspendedMs(): number {
    return this.#suspendedMs;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /**
   * Lets time pass. Timers that come due run in order, each at its time (or now, when its time is past); all that follows from one by
   * promises is done before the next one runs.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.work();
      await settled();
    }
    this.#now = end;
  }

  /** Time passes and nothing runs, as when the process is stopped. What came due runs late, in order, with the next `advance`. */
  standStill(ms: number): void {
    this.#now += ms;
  }

  /** The machine sleeps: the monotonic clock stands, and no timer comes nearer. */
  suspend(ms: number): void {
    this.#suspendedMs += ms;
  }

  /** Of timers with one time, the one that was set first. */
  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
    return next;
  }
}

/** Until all promises that need no input or output are settled. */
async function settled(): Promise<void> {
  await setImmediate();
}
