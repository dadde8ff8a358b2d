import type { Clock } from './clock.ts';

/** Time between two heartbeats. */
export const beatMs = 250;

/**
 * A heartbeat later than this is a stall. Far above what a busy machine, a collection of garbage or a write to a slow disk costs. A
 * shorter stop can make a measurement with a short timeout fail, once: that a check wants several failures in a row covers it.
 */
const stallMs = 2000;

/**
 * Sees that this process stood still: its heartbeat comes late (stopped, starved, the machine's own pause), or the machine was
 * suspended, which the monotonic clock does not count. A pause of the whole virtual machine that none of its clocks see cannot be seen.
 */
export class StallWatch {
  readonly #clock: Clock;
  readonly #onStalled: (ms: number) => void;
  #nextBeat = 0;
  #suspended = 0;
  #callOff: (() => void) | undefined;

  constructor(clock: Clock, onStalled: (ms: number) => void) {
    this.#clock = clock;
    this.#onStalled = onStalled;
  }

  start(): void {
    this.#suspended = this.#clock.suspendedMs?.() ?? 0;
    this.#arm();
  }

  stop(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }

  /**
   * Looks now, not only at the next heartbeat: after a stall other timers and answers can come before it. To be called before anything
   * is concluded from what was measured.
   */
  look(): void {
    if (this.#callOff === undefined) return;
    const late = Math.max(0, this.#clock.now() - this.#nextBeat);
    const suspended = this.#clock.suspendedMs?.() ?? 0;
    const asleep = Math.max(0, suspended - this.#suspended);
    this.#suspended = suspended;
    if (late < stallMs && asleep < stallMs) return;
    this.stop();
    this.#arm();
    this.#onStalled(Math.round(late + asleep));
  }

  #arm(): void {
    this.#nextBeat = this.#clock.now() + beatMs;
    this.#callOff = this.#clock.at(this.#nextBeat, () => {
      const armed = this.#callOff;
      this.look();
      // Unless it was armed anew or stopped in the meantime.
      if (this.#callOff === armed) this.#arm();
    });
  }
}
