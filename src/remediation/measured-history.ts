import {
  rangeSeconds,
  type HistoryBucketReport,
  type HistoryRange,
  type HistoryReport,
} from '../pool/history-report.ts';
import type { ResultStatus } from '../pool/check-state.ts';
import { historyLevels, type History, type HistoryBucket, type HistoryFilter, type Latency } from '../store/history.ts';
import type { ReconcilerClock } from './reconciler.ts';

/** What history is kept with. */
export interface MeasuredHistoryParts {
  readonly clock: ReconcilerClock;
  readonly history: History;
  readonly now: () => Date;
  /** It could not be written. What waits is tried again with the next minute. */
  onTrouble(error: unknown): void;
}

const minuteS = 60;
const writeEveryMs = 60_000;
/** So many buckets wait while the journal cannot be written; the oldest of more are lost. */
const mostWaiting = 10_000;
/** An answer has no more buckets than this, so that nobody's question holds up measuring: a wider one is told in longer buckets. */
export const mostBuckets = 20_000;

/** Keeps what was measured, in memory for a minute and then in the journal. History alone is lost with a journal that cannot be written. */
export class MeasuredHistory {
  readonly #parts: MeasuredHistoryParts;
  #waiting = new Map<string, HistoryBucket>();
  #callOff: () => void = () => undefined;

  constructor(parts: MeasuredHistoryParts) {
    this.#parts = parts;
  }

  /** Writes every minute from now on. */
  start(): void {
    const { clock } = this.#parts;
    this.#callOff = clock.at(clock.now() + writeEveryMs, () => {
      this.#write();
      this.start();
    });
  }

  /** Writes what waits, for the last time. */
  stop(): void {
    this.#callOff();
    this.#write();
  }

  /** A check of a node was measured just now. The latency of a result that is not ok says nothing. */
  measured(node: string, check: string, status: ResultStatus, latencyMs: number | null): void {
    const seconds = this.#nowSeconds();
    const at = seconds - (seconds % minuteS);
    const one = { ok: 0, failed: 0, unknown: 0, [status]: 1 };
    const ms = status === 'ok' ? latencyMs : null;
    const latency = ms === null ? null : { min: ms, sum: ms, max: ms, count: 1 };
    put(this.#waiting, { node, check, at, ...one, latency });
  }

  /** What was measured within the range, up to now; of one node, or of all. Undefined when that is too much for one answer. */
  report(range: HistoryRange, node?: string): HistoryReport | undefined {
    const filter = this.#filterOf(range, node);
    if (filter === undefined) return undefined;
    const { seconds, from, to } = filter;
    const buckets = new Map<string, HistoryBucket>();
    for (const bucket of this.#parts.history.list(filter)) put(buckets, bucket);
    for (const bucket of this.#waiting.values()) {
      const at = bucket.at - (bucket.at % seconds);
      if (at >= from && at <= to && (node === undefined || bucket.node === node)) put(buckets, { ...bucket, at });
    }
    return { range, bucket_seconds: seconds, from: isoOf(from), nodes: byName([...buckets.values()]) };
  }

  /** The shortest buckets that are kept for so long, and that are not too many. */
  #filterOf(range: HistoryRange, node: string | undefined): HistoryFilter | undefined {
    const to = this.#nowSeconds();
    const filters = historyLevels
      .filter(({ keepSeconds }) => keepSeconds >= rangeSeconds[range])
      .map(({ seconds }) => ({ seconds, from: Math.ceil((to - rangeSeconds[range]) / seconds) * seconds, to, node }));
    const fits = (filter: HistoryFilter): boolean =>
      node !== undefined || this.#parts.history.count(filter, mostBuckets + 1) <= mostBuckets;
    return filters.find(fits);
  }

  #write(): void {
    try {
      if (this.#waiting.size > 0) this.#parts.history.add([...this.#waiting.values()], this.#nowSeconds());
      this.#waiting.clear();
    } catch (error) {
      this.#parts.onTrouble(error);
      this.#waiting = new Map([...this.#waiting].slice(-mostWaiting));
    }
  }

  #nowSeconds(): number {
    return Math.floor(this.#parts.now().getTime() / 1000);
  }
}

/** Puts a bucket beside the others, or into the one that is there already. */
function put(buckets: Map<string, HistoryBucket>, bucket: HistoryBucket): void {
  const key = `${bucket.at}/${bucket.node}/${bucket.check}`;
  const known = buckets.get(key);
  buckets.set(
    key,
    known === undefined
      ? bucket
      : {
          ...bucket,
          ok: known.ok + bucket.ok,
          failed: known.failed + bucket.failed,
          unknown: known.unknown + bucket.unknown,
          latency: latencyOfBoth(known.latency, bucket.latency),
        },
  );
}

function latencyOfBoth(a: Latency | null, b: Latency | null): Latency | null {
  if (a === null || b === null) return a ?? b;
  const [min, max] = [Math.min(a.min, b.min), Math.max(a.max, b.max)];
  return { min, max, sum: a.sum + b.sum, count: a.count + b.count };
}

function byName(buckets: readonly HistoryBucket[]): HistoryReport['nodes'] {
  const nodes: Record<string, Record<string, HistoryBucketReport[]>> = {};
  for (const { node, check, at, ok, failed, unknown, latency } of buckets) {
    const checks = (nodes[node] ??= {});
    (checks[check] ??= []).push({ at: isoOf(at), ok, failed, unknown, latency_ms: latencyReport(latency) });
  }
  return nodes;
}

function latencyReport(latency: Latency | null): HistoryBucketReport['latency_ms'] {
  if (latency === null) return null;
  const { min, sum, max, count } = latency;
  return { min, mean: Math.round((sum / count) * 1000) / 1000, max };
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
