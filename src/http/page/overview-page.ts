import type { PoolReport } from '../../pool/report.ts';
import type { PageAssets } from './assets.ts';
import { banner, limits } from './banner.ts';
import { controllersPlaceholder } from './controllers.ts';
import { documentOf } from './document.ts';
import type { DrawnHistory } from './drawn-history.ts';
import { html, kept, type Html } from './html.ts';
import { nodeCard, nodeRow } from './node-card.ts';
import { historyRanges } from '../../pool/history-report.ts';
import type { RunCourse } from '../../pool/run-report.ts';
import type { FaultView } from './page-view.ts';
import { timeline } from './timeline.ts';
import { failingFirst, verdictOf } from './verdict.ts';

/** From so many nodes on, each is a line instead of a card. */
const mostCards = 50;

export interface Overview {
  readonly report: PoolReport;
  readonly history: DrawnHistory;
  readonly runs: readonly RunCourse[];
  readonly faults: readonly FaultView[];
  readonly lastEvent: number;
}

/** The page at `/`: the pool at a glance. */
export function overviewPage({ report, history, runs, faults, lastEvent }: Overview, assets: PageAssets): string {
  const { tone, sentence } = verdictOf(report);
  const nodes = failingFirst(report.nodes);
  const isLarge = nodes.length > mostCards;
  const items = nodes.map((node) => (isLarge ? nodeRow(node, history) : nodeCard(node, history, report)));
  const content = html`<div data-list id="live">
    ${[
      banner(report),
      limits(report),
      html`<section data-key="nodes" data-list aria-labelledby="nodes-title">
        <div class="bar" data-key="bar" data-list>
          <h2 data-key="title" data-v="" id="nodes-title">Nodes</h2>
          ${search()}${ranges(history.range)}${legend}
        </div>
        ${history.drawings(nodes.map(({ name }) => name))}
        ${kept('ul', { key: 'list', attributes: html` class="${isLarge ? 'rows' : 'cards'}" id="nodes"`, isList: true }, items)}
        <p class="none" data-key="matched" data-v="" id="matched" role="status"></p>
      </section>`,
      html`<section data-key="history" data-list aria-labelledby="timeline-title">
        <h2 data-key="title" data-v="" id="timeline-title">Faults and rebuilds</h2>
        ${timeline(runs, faults, report.at)}
      </section>`,
      html`<section data-key="others" data-list aria-labelledby="others-title">
        <h2 data-key="title" data-v="" id="others-title">Controllers</h2>
        ${controllersPlaceholder(report)}
      </section>`,
    ]}
  </div>`;
  return documentOf(
    {
      title: `${sentence} · ${report.pool}`,
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

function search(): Html {
  return html`<label class="search needs-script" data-key="search" data-v=""
    ><span class="unseen">Search the nodes</span
    ><input type="search" id="search" placeholder="Search the nodes  /" autocomplete="off" spellcheck="false"
  /></label>`;
}

/** Links, so that they work without a script. */
function ranges(current: string): Html {
  return html`<nav class="ranges" data-key="ranges" data-v="${current}" aria-label="Time shown">
    ${historyRanges.map(
      (range) =>
        html`<a href="/${range === '1h' ? '' : `?range=${range}`}" ${range === current && html` aria-current="true"`}
          >${range}</a
        >`,
    )}
  </nav>`;
}

const legend = html`<p class="legend" data-key="legend" data-v="">
  <span class="ok">well</span><span class="partly">failed at times</span><span class="failed">failed</span
  ><span class="none">nobody looked</span>
</p>`;
