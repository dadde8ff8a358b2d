import type { PoolReport } from '../../pool/report.ts';
import type { PageAssets } from './assets.ts';
import { controllerTable } from './controllers.ts';
import { documentOf } from './document.ts';
import { html } from './html.ts';
import type { ControllerAnswer } from './page-view.ts';

/** The page at `/controllers`: what each controller of the pool sees. */
export function controllersPage(
  report: PoolReport,
  answers: readonly ControllerAnswer[],
  lastEvent: number,
  assets: PageAssets,
): string {
  const content = html`<div data-list id="live">
    <section data-key="others" data-list aria-labelledby="others-title">
      <h1 data-key="title" data-v="" id="others-title">Controllers</h1>
      ${controllerTable(answers)}
    </section>
  </div>`;
  return documentOf(
    {
      title: `Controllers · ${report.pool}`,
      tone: answers.every(({ ok }) => ok) ? 'well' : 'busy',
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
