import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { entriesOf } from '../config/document.ts';
import { refusal } from './bearer.ts';
import type { ControllerView } from './controller-view.ts';
import { sendProblem } from './problem.ts';
import type { RawRequest, Route, RouteAnswer } from './route.ts';

/** Serves a route. */
export function addRoute(app: FastifyInstance, route: Route, view: ControllerView): void {
  app.route({
    method: route.method,
    url: route.path,
    onRequest: async (request, reply) => {
      const refused = route.isGuarded ? refusal(request.headers.authorization, await view.token()) : undefined;
      return refused === undefined ? undefined : sendProblem(reply, refused);
    },
    handler: async (request, reply) =>
      send(reply, await route.answer(rawRequest(request, route), view), request.method),
  });
}

function send(reply: FastifyReply, answer: RouteAnswer, method: string): FastifyReply {
  switch (answer.kind) {
    case 'json':
      return reply.code(answer.status).type('application/json; charset=utf-8').send(JSON.stringify(answer.body));
    case 'text':
      return reply.headers(answer.headers).type(answer.type).send(answer.body);
    case 'stream':
      if (method !== 'HEAD') return reply.type(answer.type).send(answer.body);
      answer.body.destroy();
      return reply.type(answer.type).send();
    case 'problem':
      return sendProblem(reply, answer.problem);
  }
}

function rawRequest(request: FastifyRequest, route: Route): RawRequest {
  const search = request.url.split('?').slice(1).join('?');
  return {
    params: new Map(entriesOf(request.params).map(([key, value]) => [key, String(value)])),
    query: [...new URLSearchParams(search)],
    headers: new Map(
      Object.keys(route.headers).flatMap((name) => {
        const value = request.headers[name];
        return typeof value === 'string' ? [[name, value]] : [];
      }),
    ),
    body: request.body ?? undefined,
  };
}

/** 405 at a path that has other methods, before any body is read. */
export function refuseOtherMethods(app: FastifyInstance, path: string, routes: readonly Route[]): void {
  const known = routes
    .filter((route) => route.path === path)
    .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
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
