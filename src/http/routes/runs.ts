import { z } from 'zod';
import { outcomes } from '../../pool/outcome.ts';
import { runList } from '../../pool/run-report.ts';
import { runKinds } from '../../store/runs.ts';
import { limitParameter, nodeParameter, runParameter } from '../query.ts';
import { json, openRoute, plainGet, problem, type Route } from '../route.ts';
import { runDetailShape, runsShape } from '../shapes/runs.ts';

const usualLimit = 50;
const mostLimit = 500;

/** The answer about a run that the journal does not have. */
export const unknownRun = problem(404, 'The journal has no run of that id. GET /v1/runs lists them.');

/** Past and present runs. */
export const runRoutes: readonly Route[] = [
  openRoute({
    ...plainGet,
    path: '/v1/runs',
    summary: 'Runs, newest first; without `kind` those that act on nodes.',
    query: z.strictObject({
      node: nodeParameter.describe('Only of this node.'),
      kind: z
        .enum(runKinds, { error: `expected one of ${runKinds.join(', ')}` })
        .optional()
        .describe('Only of this kind.'),
      outcome: z
        .enum([...outcomes, 'done'], { error: `expected one of ${outcomes.join(', ')}, done` })
        .optional()
        .describe('Only with this outcome.'),
      since: z.iso
        .datetime({ offset: true, error: 'expected a time such as 2026-01-31T10:00:00Z' })
        .transform((text) => new Date(text).toISOString())
        .optional()
        .describe('Only those that started then or later.'),
      limit: limitParameter(usualLimit, mostLimit),
      before: runParameter.describe('Only runs older than this one: `next` of the answer before.'),
    }),
    content: { 'application/json': runsShape },
    answer: ({ query: { limit, ...filter } }, view) => json(runList(view.runs({ ...filter, limit: limit + 1 }), limit)),
  }),
  openRoute({
    ...plainGet,
    path: '/v1/runs/:id',
    summary: 'One run, with its phases, its tasks, and the decision that led to it.',
    content: { 'application/json': runDetailShape },
    problems: [404],
    answer: async ({ params }, view) => {
      const run = await view.run(params.get('id') ?? '');
      return run === undefined ? unknownRun : json(run);
    },
  }),
];
