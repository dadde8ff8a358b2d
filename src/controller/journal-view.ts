import { join } from 'node:path';
import { outputTail, runFolder } from '../ansible/run-folder.ts';
import type { ControllerView } from '../http/controller-view.ts';
import { faultTypes } from '../http/page/faults.ts';
import { runCourse, runDetail, runReport } from '../remediation/run-report.ts';
import type { Journal } from '../store/journal.ts';

const faultsShownMs = 7 * 24 * 3_600_000;
const shownOutputBytes = 512 * 1024;
const actingKinds = ['rebuild', 'restore', 'bootstrap', 'settle'] as const;

type JournalView = Pick<
  ControllerView,
  'events' | 'lastEventId' | 'onEvents' | 'runs' | 'run' | 'hasRun' | 'courses' | 'output' | 'faultEvents'
>;

/** What the HTTP server sees of the journal. */
export function journalView(journal: Journal, stateDir: string): JournalView {
  return {
    events: (filter) => journal.events.list(filter),
    lastEventId: () => journal.events.lastId(),
    onEvents: (listener) => journal.events.onAppended(listener),
    runs: ({ kind, ...filter }) =>
      journal.runs.list({ ...filter, kinds: kind === undefined ? actingKinds : [kind] }).map(runReport),
    run: (id) => runDetail(journal, stateDir, id),
    courses: (wish) => journal.runs.list({ ...wish, kinds: actingKinds }).map((run) => runCourse(journal, run)),
    output: (id) => outputTail(runFolder(join(stateDir, 'runs', id)), shownOutputBytes),
    faultEvents: () => journal.events.lately(faultTypes, new Date(Date.now() - faultsShownMs).toISOString()),
    hasRun: (id) => journal.runs.get(id) !== undefined,
  };
}
