import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { isLoopback } from './rate-limit.ts';

/** What the server proves itself with, as PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

const maxConnections = 512;
/** Of one other machine. A server that is asked by ten thousand has a proxy before it. */
const maxConnectionsOfOne = 64;
/** A client gets so long to send its request, and a connection may be silent for so long. */
const requestTimeoutMs = 10_000;
const keepAliveMs = 5_000;

/** A socket's server, of HTTP or HTTPS, with bounds on what connections may cost. */
export function newListener(tls: TlsIdentity | null, handler: RequestListener): Server {
  const times = { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: 1_000 };
  const server = tls === null ? createServer(times, handler) : createTlsServer({ ...times, ...secure(tls) }, handler);
  server.keepAliveTimeout = keepAliveMs;
  server.requestTimeout = requestTimeoutMs;
  server.maxConnections = maxConnections;
  server.setTimeout(requestTimeoutMs);
  boundEach(server);
  return server;
}

/** What a listener of HTTPS is made with, and can be given anew while it listens. */
export function secure({ cert, key }: TlsIdentity) {
  return { cert, key, minVersion: 'TLSv1.2', handshakeTimeout: requestTimeoutMs } as const;
}

function boundEach(server: Server): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (isLoopback(address)) return;
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
    if (count > maxConnectionsOfOne) socket.destroy();
  });
}
