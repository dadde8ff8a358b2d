import { guardedRoute, json, type Route } from '../route.ts';
import { unknownNode } from './pool.ts';

/** What the other controllers of the pool ask. */
export const peerRoutes: readonly Route[] = [
  guardedRoute('/v1/observations/:name', ({ params }, view) => {
    const observation = view.observation(params.get('name') ?? '');
    return observation === undefined ? unknownNode : json(observation);
  }),
  guardedRoute('/v1/membership', (_, view) => json(view.membership())),
];
