import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/monitor/clock.ts';

interface Timer {
  at: number;
  readonly work: () => void;
  readonly owner: TimerOwner;
}

/** Whose timers they are: a process or a machine that may stand still for a while, or be gone. */
export interface TimerOwner {
  /** Its timers wait until then. */
  readonly heldUntil: number;
  readonly isGone: boolean;
}

/** The one time of a simulated world. It stands until it is moved; what comes due runs in order. */
export class WorldClock {
  readonly #timers: Timer[] = [];
  #now = 0;
  #isUnsettled = false;

  get now(): number {
    return this.#now;
  }

  /** Promises were made whose consequences have to be waited for before the next timer. */
  unsettle(): void {
    this.#isUnsettled = true;
  }

  at(time: number, owner: TimerOwner, work: () => void): () => void {
    const timer = { at: Math.max(time, this.#now), work, owner };
    this.#insert(timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index !== -1) this.#timers.splice(index, 1);
    };
  }

  async runUntil(end: number): Promise<void> {
    await setImmediate();
    for (let next = this.#timers[0]; next !== undefined && next.at <= end; next = this.#timers[0]) {
      this.#timers.shift();
      if (next.owner.isGone) continue;
      this.#now = next.at;
      if (next.owner.heldUntil > this.#now) this.#postpone(next);
      else next.work();
      if (this.#isUnsettled) await this.#settled();
    }
    this.#now = end;
  }

  #postpone(timer: Timer): void {
    timer.at = timer.owner.heldUntil;
    this.#insert(timer);
  }

  /** Behind those of the same time. */
  #insert(timer: Timer): void {
    // Most are due soon, so they are looked for from the front.
    const index = this.#timers.findIndex((each) => each.at > timer.at);
    if (index === -1) this.#timers.push(timer);
    else this.#timers.splice(index, 0, timer);
  }

  async #settled(): Promise<void> {
    this.#isUnsettled = false;
    await setImmediate();
  }
}

/** A machine's monotonic clock, as one of its processes has it: it began at another time than the others'. */
export class ProcessClock implements Clock {
  readonly #world: WorldClock;
  readonly #owner: TimerOwner;
  readonly #bootedAt: number;

  constructor(world: WorldClock, owner: TimerOwner, bootedAt: number) {
    this.#world = world;
    this.#owner = owner;
    this.#bootedAt = bootedAt;
  }

  now(): number {
    return this.#world.now - this.#bootedAt;
  }

  at(monotonicMs: number, work: () => void): () => void {
    return this.#world.at(monotonicMs + this.#bootedAt, this.#owner, work);
  }
}
