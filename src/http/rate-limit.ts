/** How much one address may ask. */
export interface RateLimitOptions {
  readonly perMinute: number;
  /** So many at once, after a rest. */
  readonly burst: number;
  readonly nowMs: () => number;
}

/** Addresses that are remembered. When there are more, those that asked longest ago are forgotten. */
const mostAddresses = 5_000;

/** Counts the requests of each address. For each it keeps one number: when its allowance will be whole again. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #wholeAt = new Map<string, number>();

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Takes one request into account. Returns in how many ms it may come again, or 0: it may come now. */
  take(address: string): number {
    const { perMinute, burst, nowMs } = this.#options;
    const costMs = 60_000 / perMinute;
    const now = nowMs();
    const key = keyOf(address);
    // Counted from now, so that a fraction of a clock's reading is never more than the whole allowance.
    const usedMs = Math.max((this.#wholeAt.get(key) ?? now) - now, 0) + costMs;
    const waitMs = usedMs - burst * costMs;
    if (waitMs > 0) return waitMs;
    this.#wholeAt.delete(key);
    this.#wholeAt.set(key, now + usedMs);
    const oldest = this.#wholeAt.keys().next();
    if (this.#wholeAt.size > mostAddresses && oldest.done !== true) this.#wholeAt.delete(oldest.value);
    return 0;
  }
}

/** Whoever has one address of IPv6 has the 2^64 of its network. */
function keyOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const front = head.split(':').filter((part) => part !== '');
  const back = (tail ?? '').split(':').filter((part) => part !== '');
  const gap = tail === undefined ? 0 : 8 - front.length - back.length;
  return [...front, ...Array.from({ length: gap }, () => '0'), ...back].slice(0, 4).join(':');
}

/** Whether an address is of this very machine. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
