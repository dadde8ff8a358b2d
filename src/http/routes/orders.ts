import type { z } from 'zod';
import type { OrderResult } from '../../pool/order.ts';
import type { ControllerOrders } from '../controller-orders.ts';
import { pauseBody, plainBody, rebuildBody, restoreBody, resumeBody } from '../order-body.ts';

/** A POST of one path. */
export interface OrderRoute {
  readonly path: string;
  readonly body: z.ZodType;
  /** `subject`: the node or the run of the path. `by`: whoever gives the order, unless the body says it. */
  give(
    given: { readonly subject: string; readonly by: string; readonly body: unknown },
    orders: ControllerOrders,
  ): Promise<OrderResult>;
}

function orderRoute<T extends z.ZodType>(
  path: string,
  body: T,
  give: (subject: string, body: z.output<T>, by: string, orders: ControllerOrders) => Promise<OrderResult>,
): OrderRoute {
  return {
    path,
    body,
    give: async ({ subject, by, body: given }, orders) => {
      const parsed = body.parse(given);
      return give(subject, parsed, by, orders);
    },
  };
}

function runRoute(verb: 'approve' | 'reject' | 'cancel'): OrderRoute {
  return orderRoute(`/v1/runs/:id/${verb}`, plainBody, async (run, { reason, by }, sender, orders) =>
    orders[verb](run, { reason, by: by ?? sender }),
  );
}

function pauseRoute(path: string): OrderRoute {
  return orderRoute(path, pauseBody, async (node, body, sender, orders) =>
    orders.pause({
      node: node === '' ? null : node,
      forMs: body.for ?? null,
      isLocal: body.local,
      reason: body.reason,
      by: body.by ?? sender,
    }),
  );
}

function resumeRoute(path: string): OrderRoute {
  return orderRoute(path, resumeBody, async (node, { local, reason, by }, sender, orders) =>
    orders.resume({ node: node === '' ? null : node, isLocal: local, reason, by: by ?? sender }),
  );
}

/** What may be ordered over HTTP. */
export const orderRoutes: readonly OrderRoute[] = [
  orderRoute('/v1/nodes/:name/rebuild', rebuildBody, async (node, body, sender, orders) => {
    if (body.confirm !== undefined && body.confirm !== node) return unconfirmed(node);
    const { reason, by = sender, force, dry_run: isDryRun, judged = null } = body;
    return orders.rebuild(node, { reason, by, force, isDryRun, judged });
  }),
  orderRoute('/v1/nodes/:name/restore', restoreBody, async (node, { confirm, reason, by }, sender, orders) =>
    confirm !== undefined && confirm !== node ? unconfirmed(node) : orders.restore(node, { reason, by: by ?? sender }),
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
