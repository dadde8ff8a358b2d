import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { parseListenAddress } from '../config/listen-address.ts';
import { RegrowError } from '../errors.ts';
import { refuseNoise } from './client-error.ts';
import type { ControllerView } from './controller-view.ts';
import { codeOf, securityHeaders, sendProblem } from './problem.ts';
import { addRoute, refuseOtherMethods } from './register-route.ts';
import type { Route } from './route.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { orderRoutes } from './routes/orders.ts';
import { peerRoutes } from './routes/peers.ts';
import { poolRoutes } from './routes/pool.ts';

/** A server that listens. */
export interface HttpServer {
  /** Where, with the port that was chosen when 0 was asked for: `http://127.0.0.1:8460`. */
  readonly url: string;
  /** Takes no more connections, lets answers that are on their way go out, and cuts what is left after a second. */
  close(): Promise<void>;
}

export interface HttpServerOptions {
  /** `host:port`, as `http.listen` has it. */
  readonly listen: string;
  readonly view: ControllerView;
  /** What is served; all that there is unless said otherwise. */
  readonly routes?: readonly Route[];
  /** Told of answers that failed inside; the asker is not. */
  readonly onFault: (error: unknown, path: string) => void;
}

const allRoutes: readonly Route[] = [...healthRoutes, ...poolRoutes, ...peerRoutes, ...eventRoutes, ...orderRoutes];

const bodyLimitBytes = 16 * 1024;
const maxConnections = 256;
/** A client gets so long to send its request, and a connection may be silent for so long. */
const requestTimeoutMs = 10_000;
const keepAliveMs = 5_000;
const closeWithinMs = 1_000;
const noUnderstanding = 'The request cannot be understood.';
const refusals: Readonly<Record<number, string>> = {
  413: `The body is longer than ${bodyLimitBytes} bytes.`,
  415: 'The body has to be JSON: Content-Type: application/json.',
};

/** Listens. Throws HTTP_UNAVAILABLE, with a remedy, when the address cannot be had. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const app = newServer(options);
  const url = await listen(app, options.listen);
  return { url, close: () => closeSoon(app) };
}

function newServer({ view, routes = allRoutes, onFault }: HttpServerOptions): FastifyInstance {
  const failed = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const status = statusOf(error);
    if (status < 500) return sendProblem(reply, { status, detail: refusals[status] ?? noUnderstanding });
    onFault(error, pathOf(request));
    return sendProblem(reply, { status: 500, detail: 'This controller failed to answer. Its log tells why.' });
  };
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    connectionTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    http: { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: 1_000 },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void failed(error, request, reply),
    clientErrorHandler: refuseNoise,
  });
  app.server.maxConnections = maxConnections;
  readOnlyJson(app);
  app.addHook('onRequest', (_, reply, done) => {
    reply.headers(securityHeaders);
    done();
  });
  app.setErrorHandler(failed);
  app.setNotFoundHandler((_, reply) => sendProblem(reply, { status: 404, detail: 'There is nothing at this path.' }));
  for (const route of routes) addRoute(app, route, view);
  for (const path of new Set(routes.map((route) => route.path))) refuseOtherMethods(app, path, routes);
  return app;
}

/** Bodies are JSON, or not there. */
function readOnlyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body === '') done(null);
    else void parse(request, body, done);
  });
}

async function listen(app: FastifyInstance, text: string): Promise<string> {
  const address = parseListenAddress(text);
  if (address === undefined) throw unavailable(text, 'it is no host:port');
  try {
    return await app.listen(address);
  } catch (error) {
    await app.close();
    throw unavailable(text, codeOf(error) ?? 'unknown reason', error);
  }
}

function unavailable(listenText: string, reason: string, cause?: unknown): RegrowError {
  const port = listenText.slice(listenText.lastIndexOf(':') + 1);
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: `Another program has it: see which (ss -ltnp 'sport = :${port}'). If it is not another regrow, choose another port in http.listen.`,
    EADDRNOTAVAIL: 'This machine does not have that address now: see ip address, and http.listen.',
    EACCES: 'A port below 1024 needs privileges: choose a higher one in http.listen.',
  };
  return new RegrowError('HTTP_UNAVAILABLE', `Nobody can listen on ${listenText} (http.listen): ${reason}.`, {
    facts: { listen: listenText, reason },
    remedy: remedies[reason] ?? 'See http.listen in the configuration.',
    cause,
  });
}

/** Connections on which a request never ends, or never begins, must not hold the end of the controller. */
async function closeSoon(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), closeWithinMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  return status >= 400 && status < 500 ? status : 500;
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?')[0] ?? '';
}
