/** How late measurements started against their schedule, in milliseconds. */
export interface SlipSummary {
  /** Measurements that started. The other values are 0 when there is none. */
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

// Bounds of 1 ms, 1.19 ms, 1.41 ms ... to three days: a quantile is at most a fifth too high.
const bucketsPerOctave = 4;
const buckets = 28 * bucketsPerOctave + 1;

/** Slip since it was read last, in constant space. */
export class SlipHistogram {
  readonly #counts = new Uint32Array(buckets);
  #count = 0;
  #maxMs = 0;

  /** `times`: how many measurements started together. */
  record(slipMs: number, times = 1): void {
    const exponent = slipMs <= 1 ? 0 : Math.ceil(Math.log2(slipMs) * bucketsPerOctave);
    const bucket = Math.min(exponent, buckets - 1);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#count += times;
    this.#maxMs = Math.max(this.#maxMs, slipMs);
  }

  /** What was recorded since the last call. */
  take(): SlipSummary {
    const summary = {
      count: this.#count,
      p50Ms: this.#quantile(0.5),
      p99Ms: this.#quantile(0.99),
      maxMs: this.#maxMs,
    };
    this.#counts.fill(0);
    this.#count = 0;
    this.#maxMs = 0;
    return summary;
  }

  #quantile(share: number): number {
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (count > 0 && seen >= share * this.#count) return Math.min(this.#maxMs, 2 ** (bucket / bucketsPerOctave));
    }
    return 0;
  }
}
