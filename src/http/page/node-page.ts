import type { NodeReport, PoolReport } from '../../pool/report.ts';
import type { PageAssets } from './assets.ts';
import { documentOf } from './document.ts';
import type { DrawnHistory } from './drawn-history.ts';
import { html } from './html.ts';
import { nodeCard } from './node-card.ts';
import type { RunCourse } from '../../pool/run-report.ts';
import type { FaultView } from './page-view.ts';
import { lookOf } from './states.ts';
import { timeline } from './timeline.ts';

export interface NodePage {
  readonly report: PoolReport;
  readonly node: NodeReport;
  readonly history: DrawnHistory;
  readonly runs: readonly RunCourse[];
  readonly faults: readonly FaultView[];
  readonly lastEvent: number;
}

/** The page at `/nodes/NAME`: one node, and its faults and rebuilds. */
export function nodePage({ report, node, history, runs, faults, lastEvent }: NodePage, assets: PageAssets): string {
  const content = html`<div data-list id="live">
    <section data-key="node" data-list class="alone" aria-labelledby="node-title">
      <h1 data-key="title" data-v="" id="node-title">${node.name}</h1>
      ${history.drawings([node.name])}
      <ul data-key="list" data-list class="cards">
        ${nodeCard(node, history, report)}
      </ul>
    </section>
    <section data-key="history" data-list aria-labelledby="timeline-title">
      <h2 data-key="title" data-v="" id="timeline-title">Faults and rebuilds</h2>
      ${timeline(runs, faults, report.at)}
    </section>
  </div>`;
  const { word, tone } = lookOf(node.state);
  return documentOf(
    {
      title: `${node.name} ${word} · ${report.pool}`,
      tone,
      pool: report.pool,
      lastEvent,
      events: '/v1/events',
      at: report.at,
      controller: report.controller.name,
      version: report.controller.version,
      content,
    },
    assets,
  );
}
