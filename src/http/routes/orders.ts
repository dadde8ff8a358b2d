import type { z } from 'zod';
import type { OrderResult } from '../../pool/order.ts';
import type { ControllerOrders } from '../controller-orders.ts';
import { orderAnswer } from '../order-answer.ts';
import { pauseBody, plainBody, rebuildBody, restoreBody, resumeBody } from '../order-body.ts';
import { guardedRoute, plainPost, problem, type Route, type RouteAnswer } from '../route.ts';
import { orderShape } from '../shapes/order.ts';

/** Gives an order: about the node or run of the path (empty: the pool). */
type Give<Body> = (subject: string, body: Body, sender: string, orders: ControllerOrders) => Promise<OrderResult>;

const keyName = 'idempotency-key';
/** Whoever says no name. */
const sender = 'somebody over HTTP';

function orderRoute<T extends z.ZodType>(path: string, summary: string, body: T, give: Give<z.output<T>>): Route {
  return guardedRoute({
    ...plainPost,
    path,
    summary,
    body,
    headers: {
      [keyName]: 'The same key and the same request are done once, within 24 hours, and get the same answer.',
    },
    content: { 'application/json': orderShape },
    problems: [404, 409, 422],
    answer: async ({ params, headers, body: read }, view) => {
      const [subject = ''] = params.values();
      const act = async (): Promise<RouteAnswer> => orderAnswer(await give(subject, read, sender, view.orders));
      const key = headers.get(keyName);
      if (key === undefined) return act();
      if (!/^[\x21-\x7e]{1,200}$/.test(key))
        return problem(400, 'Idempotency-Key: expected 1 to 200 printable characters without blanks.');
      return view.idempotent.once({ key, request: `POST ${path} ${subject}\n${JSON.stringify(read)}` }, act);
    },
  });
}

const runSummaries = {
  approve: 'Lets a rebuild begin that waits for a person.',
  reject: 'Refuses a rebuild that waits for a person.',
  cancel: 'Stops a run at its next safe point.',
} as const;

function runRoute(verb: 'approve' | 'reject' | 'cancel'): Route {
  return orderRoute(`/v1/runs/:id/${verb}`, runSummaries[verb], plainBody, async (run, { reason, by }, from, orders) =>
    orders[verb](run, { reason, by: by ?? from }),
  );
}

function pauseRoute(path: string): Route {
  return orderRoute(
    path,
    'Holds actions, by every controller of the pool.',
    pauseBody,
    async (node, body, from, orders) =>
      orders.pause({
        node: node === '' ? null : node,
        forMs: body.for ?? null,
        isLocal: body.local,
        reason: body.reason,
        by: body.by ?? from,
      }),
  );
}

function resumeRoute(path: string): Route {
  return orderRoute(
    path,
    'Ends a pause, and has what was given up, held or rejected tried again.',
    resumeBody,
    async (node, { local, reason, by }, from, orders) =>
      orders.resume({ node: node === '' ? null : node, isLocal: local, reason, by: by ?? from }),
  );
}

/** What may be ordered over HTTP. */
export const orderRoutes: readonly Route[] = [
  orderRoute(
    '/v1/nodes/:name/rebuild',
    'Rebuilds a node, when every gate passes.',
    rebuildBody,
    async (node, body, from, orders) => {
      if (body.confirm !== undefined && body.confirm !== node) return unconfirmed(node);
      const { reason, by = from, trigger, force, dry_run: isDryRun, judged = null } = body;
      return orders.rebuild(node, { reason, by, trigger, force, isDryRun, judged });
    },
  ),
  orderRoute(
    '/v1/nodes/:name/restore',
    'Sets a node up again, without a rebuild.',
    restoreBody,
    async (node, { confirm, reason, trigger, by }, from, orders) =>
      confirm !== undefined && confirm !== node
        ? unconfirmed(node)
        : orders.restore(node, { reason, by: by ?? from, trigger }),
  ),
  pauseRoute('/v1/nodes/:name/pause'),
  pauseRoute('/v1/pause'),
  resumeRoute('/v1/nodes/:name/resume'),
  resumeRoute('/v1/resume'),
  runRoute('approve'),
  runRoute('reject'),
  runRoute('cancel'),
];

function unconfirmed(node: string): OrderResult {
  const message = `confirm does not name ${node}: nothing was done`;
  return { kind: 'refused', gate: 'confirmation', message, facts: {} };
}
