import { z } from 'zod';
import { badge } from '../badge.ts';
import { cached, entity, type Entity } from '../entity.ts';
import type { PageAssets } from '../page/assets.ts';
import { controllersPage } from '../page/controllers-page.ts';
import { DrawnHistory, keptHistories } from '../page/drawn-history.ts';
import { nodePage } from '../page/node-page.ts';
import { overviewPage } from '../page/overview-page.ts';
import { historyRanges, type HistoryRange } from '../../pool/history-report.ts';
import type { PageView } from '../page/page-view.ts';
import { runPage } from '../page/run-page.ts';
import { openRoute, plainGet, problem, text, type Route, type RouteAnswer } from '../route.ts';
import { keptFor } from './controllers.ts';
import { unknownNode } from './pool.ts';

const content = { 'text/html': null } as const;
const shownRuns = 20;
/** However many look, the others are asked so often at most. */
const othersKeptMs = 3_000;
const query = z.strictObject({
  range: z
    .enum(historyRanges, { error: `expected one of ${historyRanges.join(', ')}` })
    .default('1h')
    .describe('How much time the bars show.'),
});

/** What people look at: the pool, a node, a run, what the other controllers see; and a picture of a node's state. */
export function pageRoutes(page: PageView, assets: PageAssets): readonly Route[] {
  const historyOf = keptHistories(page);
  const overview = (range: HistoryRange): Entity => {
    // Asked first: what happens while the page is made is told again.
    const lastEvent = page.lastEvent();
    const report = page.report();
    const history = historyOf(range, report.at, report.nodes.length);
    const runs = page.runs({ limit: shownRuns });
    return entity(overviewPage({ report, history, runs, faults: page.faults(), lastEvent }, assets));
  };
  const overviews = {
    '1h': cached(() => overview('1h')),
    '24h': cached(() => overview('24h')),
    '7d': cached(() => overview('7d')),
    '30d': cached(() => overview('30d')),
  };
  const others = keptFor(othersKeptMs, async () => page.controllers());
  const answerMade = (document: Entity): RouteAnswer => ({
    kind: 'entity',
    type: 'text/html; charset=utf-8',
    entity: document,
    headers: { 'content-security-policy': assets.policy },
  });
  const answer = (document: string): RouteAnswer => answerMade(entity(document));
  return [
    openRoute({
      ...plainGet,
      path: '/',
      summary: 'The status page: the pool at a glance.',
      query,
      content,
      answer: ({ query: { range } }) => answerMade(overviews[range]()),
    }),
    openRoute({
      ...plainGet,
      path: '/nodes/:name',
      summary: 'The page of a node.',
      query,
      content,
      problems: [404],
      answer: ({ params, query: { range } }) => {
        const lastEvent = page.lastEvent();
        const report = page.report();
        const node = report.nodes.find(({ name }) => name === params.get('name'));
        if (node === undefined) return unknownNode;
        const { name } = node;
        const runs = page.runs({ node: name, limit: shownRuns });
        const faults = page.faults().filter((fault) => fault.node === name);
        const history = new DrawnHistory(page.history(range, name));
        return answer(nodePage({ report, node, history, runs, faults, lastEvent }, assets));
      },
    }),
    openRoute({
      ...plainGet,
      path: '/runs/:id',
      summary: 'The page of a run.',
      content,
      problems: [404],
      answer: async ({ params }) => {
        const lastEvent = page.lastEvent();
        const run = await page.run(params.get('id') ?? '');
        if (run === undefined) return problem(404, 'The journal has no run of that id. GET /v1/runs lists them.');
        return answer(runPage(page.report(), run, lastEvent, assets));
      },
    }),
    openRoute({
      ...plainGet,
      path: '/controllers',
      summary: 'The page of what each controller of the pool sees.',
      content,
      answer: async () => answer(controllersPage(page.report(), await others(), page.lastEvent(), assets)),
    }),
    openRoute({
      ...plainGet,
      path: '/badge/:file',
      summary: "A picture of a node's state: /badge/NAME.svg.",
      content: { 'image/svg+xml': null },
      problems: [404],
      answer: ({ params }) => {
        const node = page.report().nodes.find(({ name }) => `${name}.svg` === params.get('file'));
        return node === undefined ? unknownNode : text('image/svg+xml', badge(node));
      },
    }),
  ];
}
