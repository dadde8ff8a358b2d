import type { Config } from '../config/schema.ts';
import type { ImageVersionReport } from '../pool/image-versions.ts';
import type { PoolState } from '../pool/node-state.ts';
import type { PoolPolicy } from '../pool/policy.ts';
import type {
  CheckReport,
  ControllerReport,
  DiscoveryReport,
  MembershipReport,
  Observation,
  PoolReport,
} from '../pool/report.ts';
import type { Journal } from '../store/journal.ts';
import { LatestResults, type LatestResult } from './latest-results.ts';
import { observationOf, poolReport, type ReportSource } from './report.ts';

/** What the outlook is made of; asked at every report. */
export interface OutlookParts {
  readonly journal: Journal;
  config(): Config;
  policy(): PoolPolicy;
  state(): PoolState;
  controller(): ControllerReport;
  membership(): MembershipReport;
  images(): readonly ImageVersionReport[];
  hostChecks(): readonly CheckReport[];
  /** Whether this controller trusts itself at the moment. */
  isTrusted(): boolean;
  monotonicMs(): number;
  now(): Date;
}

/** What this controller sees of the pool, for people and for its peers. */
export class Outlook {
  readonly #parts: OutlookParts;
  readonly #results = new LatestResults();
  readonly #since = new Map<string, string>();
  #discovery: DiscoveryReport = { ok: false, at: null, error: 'vCenter was not read yet' };
  #measuredAt: number;

  constructor(parts: OutlookParts) {
    this.#parts = parts;
    this.#measuredAt = parts.monotonicMs();
  }

  get discovery(): DiscoveryReport {
    return this.#discovery;
  }

  /** Milliseconds since anything was measured, or since the start. */
  get stillMs(): number {
    return this.#parts.monotonicMs() - this.#measuredAt;
  }

  measured(node: string, check: string, result: Omit<LatestResult, 'at'>): void {
    this.#measuredAt = this.#parts.monotonicMs();
    this.#results.set(node, check, { ...result, at: this.#parts.now().toISOString() });
  }

  /** The node is in another condition from now on. */
  changed(node: string): void {
    this.#since.set(node, this.#parts.now().toISOString());
  }

  /** vCenter was read. Returns whether that is news. */
  wasRead(): boolean {
    const isNews = !this.#discovery.ok && this.#discovery.at !== null;
    this.#discovery = { ok: true, at: this.#parts.now().toISOString(), error: null };
    return isNews;
  }

  /** vCenter could not be read. Returns whether that is news. */
  wasUnreadable(error: string): boolean {
    const isNews = this.#discovery.ok || this.#discovery.error !== error;
    this.#discovery = { ok: false, at: this.#discovery.at, error };
    return isNews;
  }

  keepOnly(nodes: readonly string[]): void {
    this.#results.keepOnly(nodes);
    for (const node of this.#since.keys()) if (!nodes.includes(node)) this.#since.delete(node);
  }

  report(): PoolReport {
    return poolReport(this.#source());
  }

  observation(node: string): Observation | undefined {
    return observationOf(this.#source(), node);
  }

  #source(): ReportSource {
    const { journal } = this.#parts;
    return {
      journal,
      config: this.#parts.config(),
      policy: this.#parts.policy(),
      state: this.#parts.state(),
      results: this.#results,
      controller: this.#parts.controller(),
      discovery: this.#discovery,
      membership: this.#parts.membership(),
      images: this.#parts.images(),
      hostChecks: this.#parts.hostChecks(),
      trusted: this.#parts.isTrusted(),
      since: (node) => this.#since.get(node) ?? null,
      nowMs: this.#parts.monotonicMs(),
      now: this.#parts.now(),
    };
  }
}
