import { openRoute, plainGet, text, type Route } from '../route.ts';
import { metricsContentType } from '../metrics/metrics.ts';

/** What Prometheus reads. */
export const metricsRoutes: readonly Route[] = [
  openRoute({
    ...plainGet,
    path: '/metrics',
    summary: 'Metrics, as Prometheus reads them.',
    content: { 'text/plain': null },
    answer: async (_, view) => text(metricsContentType, await view.metrics()),
  }),
];
