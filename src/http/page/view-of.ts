import type { HistoryReport } from '../../pool/history-report.ts';
import type { ControllerView } from '../controller-view.ts';
import { controllerEntries } from '../routes/controllers.ts';
import { faultViews } from './faults.ts';
import type { PageView } from './page-view.ts';

/** What the pages ask, answered by the view that the whole server has. */
export function pageViewOf(view: ControllerView): PageView {
  return {
    report: () => view.report(),
    history: (range, node) => view.history(range, node) ?? nothingMeasured(view, range),
    runs: (wish) => view.courses(wish),
    faults: () => faultViews(view.faultEvents()),
    run: async (id) => {
      const detail = await view.run(id);
      return detail === undefined ? undefined : { ...detail, output: await view.output(id) };
    },
    controllers: () => controllerEntries(view),
    lastEvent: () => view.lastEventId(),
  };
}

/** What is too much to be told is shown as not known. */
function nothingMeasured(view: ControllerView, range: HistoryReport['range']): HistoryReport {
  return { range, bucket_seconds: 3600, from: view.report().at, nodes: {} };
}
