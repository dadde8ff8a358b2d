import { Gauge, type Registry } from 'prom-client';
import type { Course } from '../../pool/node-state.ts';
import { reportStates, type PoolReport } from '../../pool/report.ts';

/** Rebuilds under way and within the last hour, and how many there may be. */
export interface RebuildBudget {
  readonly in_use: number;
  readonly max: number;
  readonly per_hour: { readonly used: number; readonly max: number };
}

/** What the gauges of the pool are made of, at one moment. */
export interface PoolFacts {
  readonly report: PoolReport;
  /** Nodes that this controller measures by itself; its own is among them when it has checks of its own machine. */
  readonly watched: ReadonlySet<string>;
  /** What is being done about each open fault. */
  readonly courses: readonly Course['kind'][];
  readonly budget: RebuildBudget;
  /** Measurements that wait for their turn, by lane. */
  readonly waiting: Readonly<Record<string, number>>;
  readonly journalBytes: number;
}

const courseKinds = ['watching', 'waiting', 'looking', 'running', 'elsewhere', 'held', 'exhausted'] as const;

/** Where the pool stands: gauges that are set anew at every scrape. */
export function poolMetrics(registry: Registry): (facts: PoolFacts) => void {
  const gauge = <Label extends string = never>(name: string, help: string, ...labelNames: Label[]): Gauge<Label> =>
    new Gauge({ name: `regrow_${name}`, help, labelNames, registers: [registry] });

  const build = gauge('build_info', 'The version of this controller. Always 1.', 'version');
  const nodeState = gauge('node_state', '1 for the state of a node that this controller measures.', 'node', 'state');
  const nodes = gauge('nodes', 'Nodes of the pool by state.', 'state');
  const held = gauge('held_nodes', 'Nodes whose rebuild a gate holds now.', 'gate');
  const faults = gauge('open_faults', 'Open faults by what is being done about them.', 'course');
  const paused = gauge('pauses', 'Pauses of the pool and of nodes.', 'scope');
  const inUse = gauge('rebuilds_running', 'Rebuilds under way, by whomever.');
  const most = gauge('rebuilds_running_limit', 'Rebuilds that may be under way at one time.');
  const lastHour = gauge('rebuilds_last_hour', 'Nodes rebuilt within the last hour, by whomever.');
  const mostPerHour = gauge('rebuilds_last_hour_limit', 'Nodes that may be rebuilt within an hour.');
  const waiting = gauge('measurements_waiting', 'Measurements that are due and wait for their turn.', 'lane');
  const isRead = gauge('discovery_up', '1 when the last attempt to read vCenter succeeded, else 0.');
  const age = gauge('discovery_age_seconds', 'Time since vCenter was read, or since the start.');
  const journal = gauge('journal_size_bytes', 'The journal and its write-ahead log on the disk.');

  return ({ report, watched, courses, budget, waiting: lanes, journalBytes }) => {
    for (const each of [build, nodeState, held]) each.reset();
    build.set({ version: report.controller.version }, 1);
    const seen = report.nodes.filter(({ name }) => watched.has(name) && name !== report.controller.node);
    for (const { name, state } of seen)
      for (const each of reportStates) nodeState.set({ node: name, state: each }, each === state ? 1 : 0);
    for (const state of reportStates)
      nodes.set(
        { state },
        countOf(report.nodes, (node) => node.state === state),
      );
    for (const { holds } of report.nodes) for (const { gate } of holds) held.inc({ gate });
    for (const course of courseKinds)
      faults.set(
        { course },
        countOf(courses, (each) => each === course),
      );
    for (const scope of ['pool', 'node'])
      paused.set(
        { scope },
        countOf(report.pauses, (pause) => pause.scope.split('/')[0] === scope),
      );
    inUse.set(budget.in_use);
    most.set(budget.max);
    lastHour.set(budget.per_hour.used);
    mostPerHour.set(budget.per_hour.max);
    for (const [lane, count] of Object.entries(lanes)) waiting.set({ lane }, count);
    isRead.set(report.discovery.ok ? 1 : 0);
    age.set((Date.parse(report.at) - Date.parse(report.discovery.at ?? report.controller.started_at)) / 1000);
    journal.set(journalBytes);
  };
}

function countOf<T>(items: readonly T[], isCounted: (item: T) => boolean): number {
  return items.filter(isCounted).length;
}
