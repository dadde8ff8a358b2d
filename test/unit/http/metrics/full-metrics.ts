import type { Metrics } from '../../../../src/http/metrics/metrics.ts';
import { intent } from '../../store/folders.ts';
import { nodeReport, poolReport } from '../sample-report.ts';
import { metricsBench, poolFacts } from './metrics-bench.ts';

const at = '2026-01-01T10:00:00.000Z';

/** Metrics in which every family has a sample: webbox2 answers, webbox3 is held after a rebuild that failed. */
export function fullMetrics(): Metrics {
  return eventfulMetrics().metrics;
}

/** The same, and what lets all that is counted happen once more. */
export function eventfulMetrics(): { readonly metrics: Metrics; readonly happen: () => void } {
  const holds = [{ gate: 'quorum', message: '1 of 2 voices' }];
  const nodes = [nodeReport('webbox1'), nodeReport('webbox2'), nodeReport('webbox3', { state: 'held', holds })];
  const report = poolReport({ nodes });
  const { journal, metrics } = metricsBench({ facts: () => poolFacts({ report, courses: ['held'] }) });
  metrics.begun(1);
  const ended_at = '2026-01-01T10:00:30.000Z';
  const phases = [{ step: 'fence', started_at: at, ended_at, result: 'failed' as const }];
  let runs = 0;
  const happen = (): void => {
    runs += 1;
    const run = `run-${runs}`;
    metrics.measured('webbox2', 'ping', 'ok', 4);
    metrics.measured('webbox3', 'ping', 'failed', 15_000);
    journal.events.append({ at, node: 'webbox3', type: 'fault.opened', data: {} });
    journal.runs.insert(intent(run, { node: 'webbox3', started_at: at }));
    journal.runs.finish(run, { outcome: 'failed', class: 'no_capacity', ended_at, phases });
    journal.events.append({ at, run, node: 'webbox3', type: 'rebuild.failed', data: {} });
    journal.events.append({ at, node: 'webbox3', type: 'gate.held', data: { holds } });
  };
  happen();
  return { metrics, happen };
}

/** A name with all that belongs to it, in the order of the text. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** Other than a histogram's `le`. */
  readonly labels: readonly string[];
}

/** The families that a text of Prometheus has. */
export function familiesOf(text: string): readonly Family[] {
  return text.split('# HELP ').flatMap((part) => {
    const [, name = '', help = '', type = ''] = /^(\w+) (.*)\n# TYPE \w+ (\w+)/.exec(part) ?? [];
    const labels = [...part.matchAll(/[{,](\w+)="/g)].map((match) => match[1] ?? '');
    return name === '' ? [] : [{ name, help, type, labels: [...new Set(labels)].filter((label) => label !== 'le') }];
  });
}
