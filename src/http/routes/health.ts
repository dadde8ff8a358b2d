import { z } from 'zod';
import { json, openRoute, plainGet, problem, type Route } from '../route.ts';

/** Whether this process works, and whether it may be relied on yet: for service managers and load balancers. */
export const healthRoutes: readonly Route[] = [
  openRoute({
    ...plainGet,
    path: '/healthz',
    summary: 'Whether this controller does its work.',
    content: { 'application/json': z.object({ status: z.literal('ok'), detail: z.string() }) },
    problems: [503],
    answer: (_, view) => {
      const { ok, detail } = view.health();
      return ok ? json({ status: 'ok', detail }) : problem(503, detail);
    },
  }),
  openRoute({
    ...plainGet,
    path: '/readyz',
    summary: 'Whether what this controller reports can be relied on yet.',
    content: { 'application/json': z.object({ status: z.literal('ok') }) },
    problems: [503],
    answer: (_, view) => {
      const ready = view.ready();
      return ready.ok ? json({ status: 'ok' }) : problem(503, ready.reason);
    },
  }),
];
