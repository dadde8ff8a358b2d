import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ResultStatus } from '../../pool/check-state.ts';

/** A check of a node. */
export interface WatchedCheck {
  readonly node: string;
  /** The check's name. */
  readonly name: string;
}

const results: readonly ResultStatus[] = ['ok', 'failed', 'unknown'];
const durationBuckets = [0.001, 0.005, 0.02, 0.1, 0.25, 1, 2.5, 5, 15, 60];
const slipBuckets = [0.001, 0.005, 0.02, 0.1, 0.25, 1, 2.5, 10, 60];

/** What measuring tells: results and times by check, and how late measurements began. */
export class CheckMetrics {
  readonly #results: Counter<'node' | 'check' | 'result'>;
  readonly #lastDuration: Gauge<'node' | 'check'>;
  readonly #duration: Histogram<'check'>;
  readonly #slip: Histogram;
  readonly #watched: Gauge;
  #known = new Map<string, WatchedCheck>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#results = new Counter({
      name: 'regrow_check_results_total',
      help: 'Results of measurements. Unknown is trouble of this controller.',
      labelNames: ['node', 'check', 'result'],
      registers,
    });
    this.#lastDuration = new Gauge({
      name: 'regrow_check_last_duration_seconds',
      help: 'Response time of the last result that was ok.',
      labelNames: ['node', 'check'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'regrow_check_duration_seconds',
      help: 'Response times of results that were ok, of all nodes.',
      labelNames: ['check'],
      buckets: durationBuckets,
      registers,
    });
    this.#slip = new Histogram({
      name: 'regrow_schedule_slip_seconds',
      help: 'How late a measurement, or a round of pings, began against its schedule.',
      buckets: slipBuckets,
      registers,
    });
    this.#watched = new Gauge({
      name: 'regrow_watched_checks',
      help: 'Checks that this controller makes, counted for each node.',
      registers,
    });
  }

  /** A check of a node was measured. */
  measured(node: string, check: string, status: ResultStatus, latencyMs: number | null): void {
    this.#results.inc({ node, check, result: status });
    if (status !== 'ok' || latencyMs === null) return;
    this.#lastDuration.set({ node, check }, latencyMs / 1000);
    this.#duration.observe({ check }, latencyMs / 1000);
  }

  /** A measurement began so late. */
  begun(slipMs: number): void {
    this.#slip.observe(slipMs / 1000);
  }

  /** These checks are made now. Others are not told of any more, so that what came and went does not add up. */
  watch(checks: readonly WatchedCheck[]): void {
    const next = new Map(checks.map((check) => [`${check.node}/${check.name}`, check]));
    for (const [key, check] of next) if (!this.#known.has(key)) this.#begin(check);
    for (const [key, check] of this.#known) if (!next.has(key)) this.#end(check);
    const names = new Set(checks.map(({ name }) => name));
    for (const { name } of this.#known.values()) if (!names.has(name)) this.#duration.remove({ check: name });
    this.#known = next;
    this.#watched.set(next.size);
  }

  /** Counters begin at 0, so that the first failure is an increase. */
  #begin({ node, name }: WatchedCheck): void {
    for (const result of results) this.#results.inc({ node, check: name, result }, 0);
  }

  #end({ node, name }: WatchedCheck): void {
    for (const result of results) this.#results.remove({ node, check: name, result });
    this.#lastDuration.remove({ node, check: name });
  }
}
