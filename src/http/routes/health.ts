import { json, openRoute, problem, type Route } from '../route.ts';

/** Whether this process works, and whether it may be relied on yet: for service managers and load balancers. */
export const healthRoutes: readonly Route[] = [
  openRoute('/healthz', (_, view) => {
    const { ok, detail } = view.health();
    return ok ? json({ status: 'ok', detail }) : problem(503, detail);
  }),
  openRoute('/readyz', (_, view) => {
    const ready = view.ready();
    return ready.ok ? json({ status: 'ok' }) : problem(503, ready.reason);
  }),
];
