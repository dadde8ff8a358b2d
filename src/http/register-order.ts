import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { entriesOf } from '../config/document.ts';
import { refusal } from './bearer.ts';
import type { ControllerView } from './controller-view.ts';
import { Idempotent } from './idempotency.ts';
import { orderAnswer, type OrderAnswer } from './order-answer.ts';
import { sendProblem } from './problem.ts';
import { orderRoutes, type OrderRoute } from './routes/orders.ts';

/** Serves every order. They ask for the token on loopback, too. */
export function addOrders(app: FastifyInstance, view: ControllerView): void {
  const idempotent = new Idempotent(view.answers);
  void app.register((scope, _, done) => {
    // No body is an empty one, whatever its type is said to be.
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, parsed) => {
      try {
        parsed(null, body === '' ? {} : JSON.parse(String(body)));
      } catch {
        parsed(Object.assign(new Error('no JSON'), { statusCode: 400 }));
      }
    });
    for (const route of orderRoutes) addOrder(scope, route, view, idempotent);
    done();
  });
}

function addOrder(app: FastifyInstance, route: OrderRoute, view: ControllerView, idempotent: Idempotent): void {
  app.route({
    method: 'POST',
    url: route.path,
    onRequest: async (request, reply) => {
      const refused = refusal(request.headers.authorization, await view.token());
      return refused === undefined ? undefined : sendProblem(reply, refused);
    },
    handler: async (request, reply) => {
      const read = orderOf(request, route);
      if (typeof read === 'string') return sendProblem(reply, { status: 400, detail: read });
      const { key, body, subject } = read;
      const act = async (): Promise<OrderAnswer> =>
        orderAnswer(await route.give({ subject, body, by: `HTTP from ${request.ip}` }, view.orders));
      if (key === undefined) return send(reply, await act());
      const path = request.url.split('?')[0] ?? '';
      const { isReplay, ...answer } = await idempotent.once({ key, request: `POST ${path}\n${canonical(body)}` }, act);
      return send(isReplay ? reply.header('idempotency-replayed', 'true') : reply, answer);
    },
  });
  app.route({
    method: app.supportedMethods.filter((method) => method !== 'POST'),
    url: route.path,
    onRequest: (_, reply) => void sendProblem(reply, notAllowed),
    handler: (_, reply) => sendProblem(reply, notAllowed),
  });
}

const notAllowed = { status: 405, detail: 'This path takes POST.', headers: { allow: 'POST' } };

function send(reply: FastifyReply, { status, type, body }: OrderAnswer): FastifyReply {
  return reply.code(status).type(type).send(body);
}

interface Read {
  readonly key: string | undefined;
  /** As it came; its route parses it again. */
  readonly body: unknown;
  readonly subject: string;
}

/** The request as the route wants it, or what is wrong with it. */
function orderOf(request: FastifyRequest, route: OrderRoute): Read | string {
  if (request.url.includes('?')) return 'This path takes no parameters in its query; they go into the body.';
  const key = request.headers['idempotency-key'];
  if (key !== undefined && (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key)))
    return 'Idempotency-Key: expected 1 to 200 printable characters without blanks.';
  const body = request.body ?? {};
  const parsed = route.body.safeParse(body);
  if (!parsed.success) return `The body is not what this path takes. ${z.prettifyError(parsed.error)}`;
  const [[, subject] = ['', '']] = entriesOf(request.params);
  return { key, body, subject: String(subject) };
}

/** The same text for the same body, in whatever order its keys come. */
function canonical(body: unknown): string {
  return JSON.stringify(entriesOf(body).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
