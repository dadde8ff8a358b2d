import { json, problem, type Route } from '../route.ts';

const defaultLimit = 100;
const maxLimit = 1000;

/** What happened, from the journal. */
export const eventRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/events',
    isGuarded: false,
    query: ['after', 'limit', 'node', 'run'],
    answer: ({ query }, view) => {
      const after = wholeNumber(query.get('after') ?? '0');
      if (after === undefined) return problem(400, 'after: expected the id of an event, a whole number.');
      const limit = wholeNumber(query.get('limit') ?? String(defaultLimit));
      if (limit === undefined || limit < 1 || limit > maxLimit)
        return problem(400, `limit: expected a whole number from 1 to ${maxLimit}.`);
      const events = view.events({ after, limit, node: query.get('node'), run: query.get('run') });
      // `after` of the next request: a reader goes on there, whether events came or not.
      return json({ events, after: events.at(-1)?.id ?? after });
    },
  },
];

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
