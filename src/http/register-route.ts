import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { entriesOf } from '../config/document.ts';
import { refusal } from './bearer.ts';
import type { ControllerView } from './controller-view.ts';
import { sendProblem } from './problem.ts';
import type { Route, RouteRequest } from './route.ts';

/** Serves a route. */
export function addRoute(app: FastifyInstance, route: Route, view: ControllerView): void {
  app.route({
    method: route.method,
    url: route.path,
    onRequest: async (request, reply) => {
      const refused = route.isGuarded ? refusal(request.headers.authorization, await view.token()) : undefined;
      return refused === undefined ? undefined : sendProblem(reply, refused);
    },
    handler: (request, reply) => {
      const read = requestOf(request, route);
      if (typeof read === 'string') return sendProblem(reply, { status: 400, detail: read });
      const answer = route.answer(read, view);
      switch (answer.kind) {
        case 'json':
          return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer.body));
        case 'text':
          return reply.type('text/plain; charset=utf-8').send(answer.body);
        case 'problem':
          return sendProblem(reply, answer.problem);
      }
    },
  });
}

/** The request as the route wants it, or what is wrong with it. */
function requestOf(request: FastifyRequest, route: Route): RouteRequest | string {
  const query = new Map<string, string>();
  const search = new URLSearchParams(request.url.split('?').slice(1).join('?'));
  for (const [key, value] of search) {
    if (!route.query.includes(key)) {
      const known = route.query.length === 0 ? 'none' : route.query.join(', ');
      return `There is a parameter that this path does not know. It knows: ${known}.`;
    }
    if (query.has(key)) return `${key}: given more than once.`;
    query.set(key, value);
  }
  const params = new Map(entriesOf(request.params).map(([key, value]) => [key, String(value)]));
  return { params, query };
}

/** 405 at a path that has other methods, before any body is read. */
export function refuseOtherMethods(app: FastifyInstance, path: string, routes: readonly Route[]): void {
  const known = routes.filter((route) => route.path === path).flatMap(({ method }) => [method, 'HEAD']);
  const allow = known.join(', ');
  const refuse = (reply: FastifyReply): FastifyReply =>
    sendProblem(reply, { status: 405, detail: `This path takes ${allow}.`, headers: { allow } });
  app.route({
    method: app.supportedMethods.filter((method) => !known.includes(method)),
    url: path,
    onRequest: (_, reply) => void refuse(reply),
    handler: (_, reply) => refuse(reply),
  });
}
