import { z } from 'zod';
import { json, openRoute, plainGet, type Route } from '../route.ts';
import { eventsShape } from '../shapes/events.ts';

const defaultLimit = 100;
const maxLimit = 1000;

/** What happened, from the journal. */
export const eventRoutes: readonly Route[] = [
  openRoute({
    ...plainGet,
    path: '/v1/events',
    summary: 'What happened, oldest first.',
    query: z.strictObject({
      after: wholeNumber('expected the id of an event, a whole number')
        .prefault('0')
        .describe('Only events with a greater id.'),
      limit: wholeNumber(`expected a whole number from 1 to ${maxLimit}`)
        .refine((limit) => limit >= 1 && limit <= maxLimit, { error: `expected a whole number from 1 to ${maxLimit}` })
        .prefault(String(defaultLimit))
        .describe('At most so many.'),
      node: z.string().optional().describe('Only of this node.'),
      run: z.string().optional().describe('Only of this run.'),
    }),
    content: { 'application/json': eventsShape },
    answer: ({ query: { after, limit, node, run } }, view) => {
      const events = view.events({ after, limit, node, run });
      return json({ events, after: events.at(-1)?.id ?? after });
    },
  }),
];

function wholeNumber(error: string) {
  return z
    .string()
    .regex(/^\d{1,15}$/, { error })
    .transform(Number);
}
