import { z } from 'zod';
import type { ControllerView } from '../controller-view.ts';
import type { EventWish } from '../event-stream.ts';
import type { EventStreams } from '../event-streams.ts';
import { limitParameter, nodeParameter, runParameter, wholeNumber } from '../query.ts';
import { json, openRoute, plainGet, problem, type Route, type RouteAnswer } from '../route.ts';
import { eventsShape } from '../shapes/events.ts';
import { unknownRun } from './runs.ts';

const usualLimit = 100;
const mostLimit = 1000;

const page = {
  after: wholeNumber('expected the id of an event, a whole number')
    .optional()
    .describe(
      'Only events with a greater id. A stream begins with what happens from now on when it has neither this nor Last-Event-ID.',
    ),
  limit: limitParameter(usualLimit, mostLimit).describe('Of a list: at most so many.'),
  type: z
    .string()
    .regex(/^[a-z_.]{1,64}$/, {
      error: 'expected a type of event, such as fault.opened, or its beginning, such as fault',
    })
    .optional()
    .describe('Only of this type, or of the types that begin with this word.'),
};

const both = {
  ...plainGet,
  headers: {
    accept: '`application/json` asks for a list, everything else for a stream.',
    'last-event-id': 'Where a stream broke off: it goes on after that event.',
  },
  content: { 'text/event-stream': null, 'application/json': eventsShape },
  problems: [503],
} as const;

/** What happened, from the journal: as a list, or told as it happens. */
export function eventRoutes(streams: EventStreams): readonly Route[] {
  return [
    openRoute({
      ...both,
      path: '/v1/events',
      summary: 'What happens, as a stream, or what happened, as a list.',
      query: z.strictObject({ ...page, node: nodeParameter, run: runParameter }),
      answer: ({ query: { after, limit, ...wish }, headers }, view) =>
        answerTo({ headers, after, limit, wish }, view, streams),
    }),
    openRoute({
      ...both,
      path: '/v1/runs/:id/events',
      summary: 'The same of one run.',
      query: z.strictObject(page),
      problems: [404, 503],
      answer: ({ params, query: { after, limit, type }, headers }, view) => {
        const run = params.get('id') ?? '';
        if (!view.hasRun(run)) return unknownRun;
        return answerTo({ headers, after, limit, wish: { run, type } }, view, streams);
      },
    }),
  ];
}

interface EventQuestion {
  readonly headers: ReadonlyMap<string, string>;
  readonly after: number | undefined;
  readonly limit: number;
  readonly wish: EventWish;
}

function answerTo(
  { headers, after, limit, wish }: EventQuestion,
  view: ControllerView,
  streams: EventStreams,
): RouteAnswer {
  if (wantsList(headers.get('accept'))) {
    const events = view.events({ ...wish, after: after ?? 0, limit });
    return json({ events, after: events.at(-1)?.id ?? after ?? 0 });
  }
  const seen = headers.get('last-event-id');
  // What is no id of ours is passed over, as browsers send what they were told.
  const resumed = seen !== undefined && /^\d{1,15}$/.test(seen) ? Number(seen) : undefined;
  const body = streams.open(wish, resumed ?? after);
  if (body === undefined) return problem(503, 'There are too many readers of events. Try again later.');
  return { kind: 'stream', type: 'text/event-stream; charset=utf-8', body };
}

function wantsList(accept: string | undefined): boolean {
  return accept !== undefined && accept.includes('application/json') && !accept.includes('text/event-stream');
}
