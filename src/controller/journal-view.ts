import type { ControllerView } from '../http/controller-view.ts';
import { runDetail, runReport } from '../remediation/run-report.ts';
import type { Journal } from '../store/journal.ts';

const actingKinds = ['rebuild', 'restore', 'bootstrap', 'settle'] as const;

type JournalView = Pick<ControllerView, 'events' | 'lastEventId' | 'onEvents' | 'runs' | 'run' | 'hasRun'>;

/** What the HTTP server sees of the journal. */
export function journalView(journal: Journal, stateDir: string): JournalView {
  return {
    events: (filter) => journal.events.list(filter),
    lastEventId: () => journal.events.lastId(),
    onEvents: (listener) => journal.events.onAppended(listener),
    runs: ({ kind, ...filter }) =>
      journal.runs.list({ ...filter, kinds: kind === undefined ? actingKinds : [kind] }).map(runReport),
    run: (id) => runDetail(journal, stateDir, id),
    hasRun: (id) => journal.runs.get(id) !== undefined,
  };
}
