import { uptime } from 'node:os';

/** Monotonic time, and timers on it. A simulated one drives golden tests. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls `work` at that monotonic time or soon after, never before it; returns how to call it off. */
  at(monotonicMs: number, work: () => void): () => void;
  /**
   * Grows by the milliseconds that the machine was suspended, which the monotonic clock does not see. Only differences mean
   * something. Left out by a clock that cannot tell.
   */
  suspendedMs?(): number;
}

/** The longest delay that a timer of Node takes; with a longer one it would run at once. */
const longestDelayMs = 2 ** 31 - 1;

/**
 * The machine's clock: CLOCK_MONOTONIC, equal for all its processes. `uptimeMs` reads CLOCK_BOOTTIME, which counts suspended time too;
 * Node takes it from /proc/uptime, to a hundredth of a second.
 */
export function systemClock(uptimeMs: () => number = () => uptime() * 1000): Required<Clock> {
  const now = (): number => Number(process.hrtime.bigint()) / 1e6;
  return {
    now,
    at(monotonicMs, work) {
      let timer: NodeJS.Timeout;
      const arm = (): void => {
        const delayMs = Math.ceil(monotonicMs - now());
        // A timer may run a little early, as its own clock counts whole milliseconds.
        timer = setTimeout(
          () => (now() < monotonicMs ? arm() : work()),
          Math.min(Math.max(delayMs, 0), longestDelayMs),
        );
      };
      arm();
      return () => clearTimeout(timer);
    },
    suspendedMs: () => uptimeMs() - now(),
  };
}
