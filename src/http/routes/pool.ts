import { json, openRoute, plainGet, problem, text, type Route } from '../route.ts';
import { nodeReportShape, nodesShape, poolReportShape } from '../shapes/pool.ts';
import { statusText } from '../status-text.ts';

/** The answer about a node that the pool does not have. */
export const unknownNode = problem(404, 'The pool has no node of that name. GET /v1/nodes lists them.');

/** The pool as this controller sees it: whole, by node, and as plain text. */
export const poolRoutes: readonly Route[] = [
  openRoute({
    ...plainGet,
    path: '/v1/status',
    summary: 'The pool, as this controller sees it.',
    content: { 'application/json': poolReportShape },
    answer: (_, view) => json(view.report()),
  }),
  openRoute({
    ...plainGet,
    path: '/v1/nodes',
    summary: 'The nodes of the pool.',
    content: { 'application/json': nodesShape },
    answer: (_, view) => {
      const { pool, at, nodes } = view.report();
      return json({ pool, at, nodes });
    },
  }),
  openRoute({
    ...plainGet,
    path: '/v1/nodes/:name',
    summary: 'One node.',
    content: { 'application/json': nodeReportShape },
    problems: [404],
    answer: ({ params }, view) => {
      const node = view.report().nodes.find(({ name }) => name === params.get('name'));
      return node === undefined ? unknownNode : json(node);
    },
  }),
  openRoute({
    ...plainGet,
    path: '/status.txt',
    summary: 'The pool as a table for people.',
    content: { 'text/plain': null },
    answer: (_, view) => text('text/plain', statusText(view.report())),
  }),
];
