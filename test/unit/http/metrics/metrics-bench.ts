import { Metrics, type MetricsParts } from '../../../../src/http/metrics/metrics.ts';
import type { PoolFacts } from '../../../../src/http/metrics/pool-metrics.ts';
import type { Journal } from '../../../../src/store/journal.ts';
import { temporaryJournal } from '../../store/folders.ts';
import { poolReport } from '../sample-report.ts';

/** What the metrics of a healthy pool are made of, with what differs. */
export function poolFacts(more: Partial<PoolFacts> = {}): Omit<PoolFacts, 'watched'> {
  return {
    report: poolReport(),
    courses: [],
    budget: { in_use: 0, max: 1, per_hour: { used: 0, max: 3 } },
    waiting: { network: 0, command: 0, playbook: 0 },
    journalBytes: 4096,
    ...more,
  };
}

/** Metrics of a controller that pings webbox2 and webbox3, with what differs; and its journal. */
export function metricsBench(more: Partial<MetricsParts> = {}): {
  readonly metrics: Metrics;
  readonly journal: Journal;
} {
  const journal = temporaryJournal();
  const watched = () => ['webbox2', 'webbox3'].map((node) => ({ node, name: 'ping' }));
  return { journal, metrics: new Metrics({ journal, watched, facts: () => poolFacts(), ...more }) };
}

/** The samples of one name, by their labels as the text has them: `{node="webbox2"}`, or nothing. */
export async function samples(metrics: Metrics, name: string): Promise<Readonly<Record<string, number>>> {
  const lines = (await metrics.text()).split('\n').map((line) => /^(\w+)(\{.*\})? (\S+)$/.exec(line));
  return Object.fromEntries(lines.flatMap((line) => (line?.[1] === name ? [[line[2] ?? '', Number(line[3])]] : [])));
}
