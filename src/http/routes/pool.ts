import { json, openRoute, problem, type Route } from '../route.ts';
import { statusText } from '../status-text.ts';

/** The pool as this controller sees it: whole, by node, and as plain text. */
export const poolRoutes: readonly Route[] = [
  openRoute('/v1/status', (_, view) => json(view.report())),
  openRoute('/v1/nodes', (_, view) => {
    const { pool, at, nodes } = view.report();
    return json({ pool, at, nodes });
  }),
  openRoute('/v1/nodes/:name', ({ params }, view) => {
    const node = view.report().nodes.find(({ name }) => name === params.get('name'));
    return node === undefined ? unknownNode : json(node);
  }),
  openRoute('/status.txt', (_, view) => ({ kind: 'text', body: statusText(view.report()) })),
];

/** The answer about a node that the pool does not have. */
export const unknownNode = problem(404, 'The pool has no node of that name. GET /v1/nodes lists them.');
