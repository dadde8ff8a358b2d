import type { Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { refusal } from './bearer.ts';
import { refuseNoise } from './client-error.ts';
import type { ControllerView } from './controller-view.ts';
import { EventStreams } from './event-streams.ts';
import { listen } from './listen.ts';
import { newListener, secure, type TlsIdentity } from './listener.ts';
import { securityHeaders, sendProblem } from './problem.ts';
import { loadAssets } from './page/assets.ts';
import { pageViewOf } from './page/view-of.ts';
import { isLoopback, RateLimit } from './rate-limit.ts';
import { addRoute, refuseOtherMethods } from './register-route.ts';
import type { Route } from './route.ts';
import { controllerRoutes } from './routes/controllers.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { historyRoutes } from './routes/history.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { openapiRoute } from './routes/openapi.ts';
import { pageRoutes } from './routes/pages.ts';
import { orderRoutes } from './routes/orders.ts';
import { peerRoutes } from './routes/peers.ts';
import { poolRoutes } from './routes/pool.ts';
import { runRoutes } from './routes/runs.ts';

/** A server that listens. */
export interface HttpServer {
  /** Where, with the port that was chosen when 0 was asked for: `http://127.0.0.1:8460`. */
  readonly url: string;
  /** Shows another certificate from now on. Only of a server that began with one. */
  renew(tls: TlsIdentity): void;
  /** Takes no more connections, lets answers that are on their way go out, and cuts what is left after a second. */
  close(): Promise<void>;
}

export interface HttpServerOptions {
  /** `host:port`, as `http.listen` has it. */
  readonly listen: string;
  /** Null: plain HTTP. */
  readonly tls?: TlsIdentity | null;
  readonly view: ControllerView;
  /** What is served; all that there is unless said otherwise. */
  readonly routes?: readonly Route[];
  /** Requests of one other machine in a minute. */
  readonly perMinute?: number;
  /** Addresses that may ask as much as they like: this very machine's. */
  readonly isExempt?: (address: string) => boolean;
  /** Of streams of events. */
  readonly heartbeatMs?: number;
  /** Told of answers that failed inside; the asker is not. */
  readonly onFault: (error: unknown, path: string) => void;
}

/** Everything that a controller serves. */
function allRoutes(view: ControllerView, streams: EventStreams): readonly Route[] {
  const routes = [
    ...healthRoutes,
    ...poolRoutes(view),
    ...runRoutes,
    ...historyRoutes,
    ...eventRoutes(streams),
    ...controllerRoutes(view),
    ...peerRoutes,
    ...metricsRoutes,
    ...orderRoutes,
  ];
  return [...routes, openapiRoute(routes), ...pageRoutes(pageViewOf(view), loadAssets())];
}

const bodyLimitBytes = 16 * 1024;
const closeWithinMs = 1_000;
/** Readers of events. There are more connections than these: the peers' questions must find room, too. */
const maxStreams = 256;
/** Shorter than the silence that ends a connection. */
const usualHeartbeatMs = 4_000;
/** What other processes write into the journal is told so much later at most. */
const eventPollMs = 1_000;
/** Fifty a second: a page with a few tabs, scripts and a demo together ask less. */
const usualPerMinute = 3_000;
const noUnderstanding = 'The request cannot be understood.';
const refusals: Readonly<Record<number, string>> = {
  413: `The body is longer than ${bodyLimitBytes} bytes.`,
  415: 'The body has to be JSON: Content-Type: application/json.',
};

/** Listens. Throws HTTP_UNAVAILABLE, with a remedy, when the address cannot be had. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { view, onFault, tls = null } = options;
  const streams = new EventStreams({
    tap: view,
    most: maxStreams,
    heartbeatMs: options.heartbeatMs ?? usualHeartbeatMs,
    pollMs: eventPollMs,
    onFault: (error) => onFault(error, '/v1/events'),
  });
  // One for each address of a name such as localhost.
  const listeners: Server[] = [];
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    serverFactory: (handler) => {
      const listener = newListener(tls, handler);
      listeners.push(listener);
      return listener;
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void failed(onFault, error, request, reply),
    clientErrorHandler: refuseNoise,
  });
  serve(app, options, options.routes ?? allRoutes(view, streams));
  const url = await listen(app, options.listen);
  return {
    // Fastify does not know that its server is one of HTTPS.
    url: tls === null ? url : url.replace(/^http:/, 'https:'),
    renew: (identity) => {
      for (const listener of listeners) if (listener instanceof TlsServer) listener.setSecureContext(secure(identity));
    },
    close: async () => {
      streams.close();
      await closeSoon(app, listeners);
    },
  };
}

function serve(app: FastifyInstance, options: HttpServerOptions, routes: readonly Route[]): void {
  const { view, onFault, perMinute = usualPerMinute, isExempt = isLoopback } = options;
  const limit = new RateLimit({ perMinute, burst: Math.ceil(perMinute / 10), nowMs: () => performance.now() });
  readOnlyJson(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    const waitMs = isExempt(request.ip) ? 0 : limit.take(request.ip);
    if (waitMs === 0 || (await hasToken(request, view))) return undefined;
    const headers = { 'retry-after': String(Math.ceil(waitMs / 1000)) };
    return sendProblem(reply, { status: 429, detail: 'Too many requests from this address.', headers });
  });
  app.setErrorHandler((error, request, reply) => failed(onFault, error, request, reply));
  app.setNotFoundHandler((_, reply) => sendProblem(reply, { status: 404, detail: 'There is nothing at this path.' }));
  for (const route of routes) addRoute(app, route, { view, onFault });
  for (const path of new Set(routes.map((route) => route.path))) refuseOtherMethods(app, path, routes);
}

/** A peer that asks for its vote is never told to wait. While the token cannot be read nobody has it: guarded routes say so. */
async function hasToken({ headers }: FastifyRequest, view: ControllerView): Promise<boolean> {
  if (headers.authorization === undefined) return false;
  const token = await view.token().catch(() => null);
  return refusal(headers.authorization, token) === undefined;
}

function failed(
  onFault: HttpServerOptions['onFault'],
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const status = statusOf(error);
  if (status < 500) return sendProblem(reply, { status, detail: refusals[status] ?? noUnderstanding });
  onFault(error, pathOf(request));
  return sendProblem(reply, { status: 500, detail: 'This controller failed to answer. Its log tells why.' });
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

/** Connections on which a request never ends, or never begins, must not hold the end of the controller. */
async function closeSoon(app: FastifyInstance, listeners: readonly Server[]): Promise<void> {
  const timer = setTimeout(() => {
    for (const listener of listeners) listener.closeAllConnections();
  }, closeWithinMs);
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
