import type { ControllerView } from '../controller-view.ts';
import { cached, jsonEntity } from '../entity.ts';
import { json, madeJson, openRoute, plainGet, problem, text, type Route } from '../route.ts';
import { nodeReportShape, nodesShape, poolReportShape } from '../shapes/pool.ts';
import { statusText } from '../status-text.ts';

/** The answer about a node that the pool does not have. */
export const unknownNode = problem(404, 'The pool has no node of that name. GET /v1/nodes lists them.');

/** The pool as this controller sees it: whole, by node, and as plain text. */
export function poolRoutes(view: ControllerView): readonly Route[] {
  const status = cached(() => jsonEntity(view.report()));
  const list = cached(() => {
    const { pool, at, nodes } = view.report();
    return jsonEntity({ pool, at, nodes });
  });
  return [
    openRoute({
      ...plainGet,
      path: '/v1/status',
      summary: 'The pool, as this controller sees it.',
      content: { 'application/json': poolReportShape },
      answer: () => madeJson(status()),
    }),
    openRoute({
      ...plainGet,
      path: '/v1/nodes',
      summary: 'The nodes of the pool.',
      content: { 'application/json': nodesShape },
      answer: () => madeJson(list()),
    }),
    openRoute({
      ...plainGet,
      path: '/v1/nodes/:name',
      summary: 'One node.',
      content: { 'application/json': nodeReportShape },
      problems: [404],
      answer: ({ params }) => {
        const node = view.report().nodes.find(({ name }) => name === params.get('name'));
        return node === undefined ? unknownNode : json(node);
      },
    }),
    openRoute({
      ...plainGet,
      path: '/status.txt',
      summary: 'The pool as a table for people.',
      content: { 'text/plain': null },
      answer: () => text('text/plain', statusText(view.report())),
    }),
  ];
}
