import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ResultStatus } from '../../pool/check-state.ts';
import { CheckMetrics, type WatchedCheck } from './check-metrics.ts';
import { JournalMetrics, type FollowedJournal } from './journal-metrics.ts';
import { poolMetrics, type PoolFacts } from './pool-metrics.ts';

/** What metrics are made of; asked at every scrape. */
export interface MetricsParts {
  readonly journal: FollowedJournal;
  /** The checks that this controller makes now. */
  watched(): readonly WatchedCheck[];
  facts(): Omit<PoolFacts, 'watched'>;
}

/** The content type of the text. */
export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;

/** One controller's metrics, in a registry of their own. docs/metrics.md has each. */
export class Metrics {
  readonly #parts: MetricsParts;
  readonly #registry = new Registry();
  readonly #checks = new CheckMetrics(this.#registry);
  readonly #journal: JournalMetrics;
  readonly #setPool = poolMetrics(this.#registry);

  constructor(parts: MetricsParts) {
    this.#parts = parts;
    this.#journal = new JournalMetrics(this.#registry, parts.journal);
    collectDefaultMetrics({ register: this.#registry });
  }

  /** A check of a node was measured. */
  measured(node: string, check: string, status: ResultStatus, latencyMs: number | null): void {
    this.#checks.measured(node, check, status, latencyMs);
  }

  /** A measurement began so late. */
  begun(slipMs: number): void {
    this.#checks.begun(slipMs);
  }

  /** All of it, in the text format of Prometheus. */
  async text(): Promise<string> {
    const checks = this.#parts.watched();
    const nodes = new Set(checks.map(({ node }) => node));
    this.#checks.watch(checks);
    await this.#journal.follow();
    this.#journal.watch(nodes);
    this.#setPool({ ...this.#parts.facts(), watched: nodes });
    return this.#registry.metrics();
  }
}
