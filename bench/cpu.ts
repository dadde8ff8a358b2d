import { readFileSync } from 'node:fs';

const ticksPerSecond = 100; // USER_HZ, the same on every Linux that Node runs on

/** CPU seconds of a living process and of all its ended descendants that were waited for; undefined when it has ended. */
export function cpuSecondsOf(pid: number): number | undefined {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // utime, stime, and the same of the children that were waited for.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return fields[0] === 'Z' ? undefined : ticks / ticksPerSecond;
}

/** CPU time of a process and of all its ended descendants, sampled while it lives. */
export class CpuSampler {
  readonly #samples: { readonly at: number; readonly seconds: number }[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#sample(pid);
    this.#timer = setInterval(() => this.#sample(pid), 25);
  }

  /** CPU seconds used between two moments, in epoch seconds. */
  between(from: number, to: number): number {
    return this.#until(to) - this.#until(from);
  }

  /** CPU seconds seen in all. Ends the sampling. */
  stop(): number {
    clearInterval(this.#timer);
    return this.#samples.at(-1)?.seconds ?? 0;
  }

  #until(moment: number): number {
    return this.#samples.findLast(({ at }) => at <= moment)?.seconds ?? 0;
  }

  #sample(pid: number): void {
    try {
      const seconds = cpuSecondsOf(pid);
      if (seconds !== undefined) this.#samples.push({ at: Date.now() / 1000, seconds });
    } catch {
      clearInterval(this.#timer); // it has ended
    }
  }
}
