import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { entriesOf } from '../config/document.ts';
import { refusal, tokenUnreadable } from './bearer.ts';
import type { ControllerView } from './controller-view.ts';
import { entity, isKnown, jsonEntity, type Entity } from './entity.ts';
import { gzipped, isBetterGzipped } from './gzipped.ts';
import { sendProblem, type Problem } from './problem.ts';
import { jsonType, type RawRequest, type Route, type RouteAnswer } from './route.ts';

export interface RouteHost {
  readonly view: ControllerView;
  /** Told of what failed inside; the asker is not. */
  readonly onFault: (error: unknown, path: string) => void;
}

/** Serves a route. */
export function addRoute(app: FastifyInstance, route: Route, host: RouteHost): void {
  const { view } = host;
  app.route({
    method: route.method,
    url: route.path,
    onRequest: async (request, reply) => {
      const refused = route.isGuarded ? await refusalOf(request, route, host) : undefined;
      return refused === undefined ? undefined : sendProblem(reply, refused);
    },
    handler: async (request, reply) =>
      send({ request, reply, route }, await route.answer(rawRequest(request, route), view)),
  });
}

async function refusalOf(request: FastifyRequest, route: Route, host: RouteHost): Promise<Problem | undefined> {
  let token: string | null;
  try {
    token = await host.view.token();
  } catch (error) {
    host.onFault(error, route.path);
    return tokenUnreadable;
  }
  return refusal(request.headers.authorization, token);
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly route: Route;
}

async function send(exchange: Exchange, answer: RouteAnswer): Promise<FastifyReply> {
  const { request, reply, route } = exchange;
  switch (answer.kind) {
    case 'json':
      if (isKept(route)) return sendEntity(exchange, jsonType, jsonEntity(answer.body));
      return reply.code(answer.status).type(jsonType).send(JSON.stringify(answer.body));
    case 'entity':
      reply.headers(answer.headers);
      return sendEntity(exchange, answer.type, answer.entity);
    case 'text':
      reply.headers(answer.headers);
      if (isKept(route)) return sendEntity(exchange, answer.type, entity(answer.body));
      return reply.type(answer.type).send(answer.body);
    case 'stream':
      reply.type(answer.type);
      if (request.method !== 'HEAD') return reply.send(answer.body);
      answer.body.destroy();
      return reply.send();
    case 'problem':
      return sendProblem(reply, answer.problem);
  }
}

/** Readers may keep what everybody may read, and ask whether it is still so. */
function isKept(route: Route): boolean {
  return route.method === 'GET' && !route.isGuarded;
}

async function sendEntity({ request, reply }: Exchange, type: string, answer: Entity): Promise<FastifyReply> {
  const { etag, bytes } = answer;
  reply.headers({ etag, 'cache-control': 'private, no-cache', vary: 'accept, accept-encoding' });
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
  reply.type(type);
  if (!isBetterGzipped(answer, request.headers['accept-encoding'])) return reply.send(bytes);
  return reply.header('content-encoding', 'gzip').send(await gzipped(answer));
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
