import { setImmediate } from 'node:timers/promises';
import { Counter, Histogram, type Registry } from 'prom-client';
import { member, itemsOf } from '../../config/document.ts';
import { outcomes } from '../../pool/outcome.ts';
import type { JournalEvent } from '../../store/events.ts';
import type { Journal } from '../../store/journal.ts';
import type { Run } from '../../store/runs.ts';

/** What is read of the journal. */
export interface FollowedJournal {
  readonly events: Pick<Journal['events'], 'list' | 'lastId'>;
  readonly runs: Pick<Journal['runs'], 'get'>;
}

const durationBuckets = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const pageSize = 1000;
/** An event that tells how a run ended, such as `rebuild.failed`. */
const ending = new RegExp(`^(rebuild|restore|bootstrap|sync)\\.(${[...outcomes, 'done'].join('|')})$`);

/**
 * What happened since this controller started: counters that follow the journal's events, whichever process of this machine wrote
 * them. Events that came since the last scrape are read at the next one.
 */
export class JournalMetrics {
  readonly #journal: FollowedJournal;
  readonly #faults: Counter<'node'>;
  readonly #holds: Counter<'gate'>;
  readonly #stalls: Counter;
  readonly #runs: Counter<'kind' | 'outcome'>;
  readonly #runDuration: Histogram<'kind'>;
  readonly #phaseDuration: Histogram<'phase'>;
  /** The nodes that have a counter of faults. */
  #faulted = new Set<string>();
  #seen: number;
  #lastRun: string | null = null;
  #following: Promise<void> | undefined;

  constructor(registry: Registry, journal: FollowedJournal) {
    const registers = [registry];
    this.#journal = journal;
    this.#seen = journal.events.lastId();
    this.#faults = new Counter({
      name: 'regrow_faults_total',
      help: 'Faults that were opened.',
      labelNames: ['node'],
      registers,
    });
    this.#holds = new Counter({
      name: 'regrow_gate_holds_total',
      help: 'How often a gate held or refused an action.',
      labelNames: ['gate'],
      registers,
    });
    this.#stalls = new Counter({
      name: 'regrow_stalls_total',
      help: 'How often this controller stood still.',
      registers,
    });
    this.#runs = new Counter({
      name: 'regrow_runs_total',
      help: 'Runs of this machine that ended.',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    this.#runDuration = new Histogram({
      name: 'regrow_run_duration_seconds',
      help: 'How long runs took that ended.',
      labelNames: ['kind'],
      buckets: durationBuckets,
      registers,
    });
    this.#phaseDuration = new Histogram({
      name: 'regrow_run_phase_duration_seconds',
      help: 'How long the phases of runs took.',
      labelNames: ['phase'],
      buckets: durationBuckets,
      registers,
    });
    for (const outcome of outcomes) this.#runs.inc({ kind: 'rebuild', outcome }, 0);
  }

  /** Counts what happened since the last time. Many may ask at once. */
  follow(): Promise<void> {
    this.#following ??= this.#readOn().finally(() => (this.#following = undefined));
    return this.#following;
  }

  /** Faults are told of these nodes, from 0 on, and of no others. */
  watch(nodes: ReadonlySet<string>): void {
    for (const node of nodes) this.#faults.inc({ node }, 0);
    for (const node of this.#faulted) if (!nodes.has(node)) this.#faults.remove({ node });
    this.#faulted = new Set(nodes);
  }

  /** After a long time nobody asked there are many; between two pages other work goes on. */
  async #readOn(): Promise<void> {
    for (;;) {
      const events = this.#journal.events.list({ after: this.#seen, limit: pageSize });
      for (const event of events) this.#count(event);
      this.#seen = events.at(-1)?.id ?? this.#seen;
      if (events.length < pageSize) return;
      await setImmediate();
    }
  }

  #count(event: JournalEvent): void {
    const { type, node, data } = event;
    if ((type === 'fault.opened' || type === 'host.fault.opened') && node !== null) this.#opened(node);
    if (type === 'controller.stalled') this.#stalls.inc();
    if (type === 'gate.held') for (const hold of itemsOf(data['holds'])) this.#held(member(hold, 'gate'));
    const [, kind, outcome] = ending.exec(type) ?? [];
    if (kind !== undefined && outcome !== undefined) this.#ended(event, kind, outcome);
  }

  #opened(node: string): void {
    this.#faults.inc({ node });
    this.#faulted.add(node);
  }

  #held(gate: unknown): void {
    if (typeof gate === 'string') this.#holds.inc({ gate });
  }

  /** A run about several nodes has an event for each, one after the other: it is counted once, by its own outcome. */
  #ended({ run: id, data }: JournalEvent, kind: string, outcome: string): void {
    if (outcome === 'refused') this.#held(data['gate']);
    if (id !== null && id === this.#lastRun) return;
    this.#lastRun = id;
    const run = id === null ? undefined : this.#journal.runs.get(id);
    this.#runs.inc({ kind, outcome: run?.outcome ?? outcome });
    if (run !== undefined) this.#took(run);
  }

  #took({ kind, started_at: begin, ended_at: end, phases }: Run): void {
    if (end !== null) this.#runDuration.observe({ kind }, secondsBetween(begin, end));
    for (const { step, started_at: from, ended_at: to } of phases)
      if (to !== null) this.#phaseDuration.observe({ phase: step }, secondsBetween(from, to));
  }
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
