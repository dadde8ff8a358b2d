import { jsonEntity, type Entity } from '../entity.ts';
import { openapiDocument } from '../openapi.ts';
import { madeJson, openRoute, plainGet, type Route } from '../route.ts';

/** The description of the API, made of the routes themselves when it is first asked for. */
export function openapiRoute(routes: readonly Route[]): Route {
  let made: Entity | undefined;
  const route = openRoute({
    ...plainGet,
    path: '/openapi.json',
    summary: 'This description.',
    content: { 'application/json': null },
    answer: (_, view) => {
      made ??= jsonEntity(openapiDocument([...routes, route], view.report().controller.version));
      return madeJson(made);
    },
  });
  return route;
}
