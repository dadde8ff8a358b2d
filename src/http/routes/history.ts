import { z } from 'zod';
import { historyRanges } from '../../pool/history-report.ts';
import { json, openRoute, plainGet, problem, type Route } from '../route.ts';
import { historyShape } from '../shapes/history.ts';

const tooMuch = 'That is too much for one answer. Ask for one node (node=NAME), or for a shorter range.';

/** What this controller has measured over time. */
export const historyRoutes: readonly Route[] = [
  openRoute({
    ...plainGet,
    path: '/v1/history',
    summary: 'What this controller measured by itself, in buckets of time.',
    query: z.strictObject({
      range: z
        .enum(historyRanges, { error: `expected ${historyRanges.join(', ')}` })
        .prefault('24h')
        .describe('How far back.'),
      node: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,63}$/, { error: 'expected the name of a node' })
        .optional()
        .describe('Only of this node, in the finest buckets that there are.'),
    }),
    content: { 'application/json': historyShape },
    answer: ({ query: { range, node } }, view) => {
      const report = view.history(range, node);
      return report === undefined ? problem(400, tooMuch) : json(report);
    },
  }),
];
