import { Metrics } from '../http/metrics/metrics.ts';
import type { RebuildBudget } from '../http/metrics/pool-metrics.ts';
import type { Logger } from '../logging.ts';
import type { Clock } from '../monitor/clock.ts';
import type { PlanEntry } from '../monitor/plan.ts';
import type { ProbeResult } from '../monitor/probes/probe-result.ts';
import type { HistoryRange, HistoryReport } from '../pool/history-report.ts';
import type { PoolState } from '../pool/node-state.ts';
import type { PoolPolicy } from '../pool/policy.ts';
import type { PoolReport } from '../pool/report.ts';
import { MeasuredHistory } from '../remediation/measured-history.ts';
import type { Journal } from '../store/journal.ts';
import type { LiveConfig } from './live-config.ts';

export interface TelemetryParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly log: Logger;
  readonly live: LiveConfig;
  /** The checks of other nodes that are made now. */
  plan(): readonly PlanEntry[];
  /** Measurements that wait, by lane. */
  waiting(): Readonly<Record<string, number>>;
  report(): PoolReport;
  state(): PoolState;
  policy(): PoolPolicy;
}

const hourMs = 60 * 60_000;

/** Where what was measured goes besides the decisions: into history and metrics. */
export class Telemetry {
  readonly #parts: TelemetryParts;
  readonly #history: MeasuredHistory;
  readonly #metrics: Metrics;

  constructor(parts: TelemetryParts) {
    const { clock, journal, log } = parts;
    this.#parts = parts;
    this.#history = new MeasuredHistory({
      clock,
      history: journal.history,
      now: () => new Date(),
      onTrouble: (error) => log.warn({ err: error }, 'history cannot be written: it waits in memory'),
    });
    this.#metrics = new Metrics({
      journal,
      watched: () => [...parts.plan(), ...this.#hostChecks()],
      facts: () => {
        const report = parts.report();
        const { nodes } = parts.state();
        const courses = Object.values(nodes).flatMap(({ fault }) => (fault === null ? [] : [fault.course.kind]));
        const journalBytes = journal.sizeBytes();
        return { report, courses, budget: this.#budget(report), waiting: parts.waiting(), journalBytes };
      },
    });
  }

  start(): void {
    this.#history.start();
  }

  stop(): void {
    this.#history.stop();
  }

  /** A check of a node, or of this machine, was measured. */
  measured(node: string, check: string, { status, latencyMs }: ProbeResult): void {
    this.#history.measured(node, check, status, latencyMs);
    this.#metrics.measured(node, check, status, latencyMs);
  }

  /** A measurement began, so late. */
  begun(slipMs: number): void {
    this.#metrics.begun(slipMs);
  }

  history(range: HistoryRange, node?: string): HistoryReport | undefined {
    return this.#history.report(range, node);
  }

  /** Metrics in the text format of Prometheus. */
  async metrics(): Promise<string> {
    return this.#metrics.text();
  }

  #hostChecks(): readonly { readonly node: string; readonly name: string }[] {
    const { config, identity } = this.#parts.live;
    return Object.keys(config.host_checks).map((name) => ({ node: identity.builder, name }));
  }

  #budget({ nodes }: PoolReport): RebuildBudget {
    const { maxConcurrent, maxPerHour } = this.#parts.policy();
    const now = this.#parts.clock.now();
    return {
      in_use: nodes.filter(({ state }) => state === 'remediating').length,
      max: maxConcurrent,
      per_hour: {
        used: this.#parts.state().rebuiltAt.filter((at) => now - at < hourMs).length,
        max: maxPerHour,
      },
    };
  }
}
