import { z } from 'zod';
import { guardedRoute, json, plainGet, type Route } from '../route.ts';
import { notificationsShape } from '../shapes/notifications.ts';
import { imageShape, observationShape } from '../shapes/pool.ts';
import { unknownNode } from './pool.ts';

/** What the other controllers of the pool ask. */
export const peerRoutes: readonly Route[] = [
  guardedRoute({
    ...plainGet,
    path: '/v1/observations/:name',
    summary: 'What this controller has seen of a node by itself.',
    content: { 'application/json': observationShape },
    problems: [404],
    answer: ({ params }, view) => {
      const observation = view.observation(params.get('name') ?? '');
      return observation === undefined ? unknownNode : json(observation);
    },
  }),
  guardedRoute({
    ...plainGet,
    path: '/v1/membership',
    summary: 'The list of members that this controller goes by.',
    content: { 'application/json': z.record(z.string(), z.unknown()) },
    answer: (_, view) => json(view.membership()),
  }),
  guardedRoute({
    ...plainGet,
    path: '/v1/image',
    summary: 'Which image this machine carries.',
    content: { 'application/json': imageShape },
    answer: async (_, view) => json(await view.image()),
  }),
  guardedRoute({
    ...plainGet,
    path: '/v1/notifications',
    summary: 'What this controller told people of, and is about to tell.',
    content: { 'application/json': notificationsShape },
    answer: (_, view) => json(view.notifications()),
  }),
];
