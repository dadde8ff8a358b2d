import { request } from 'node:http';
import { onTestFinished } from 'vitest';
import type { ControllerView } from '../../../src/http/controller-view.ts';
import type { ControllerOrders } from '../../../src/http/controller-orders.ts';
import type { OrderResult } from '../../../src/pool/order.ts';
import { Idempotent } from '../../../src/http/idempotency.ts';
import { startHttpServer, type HttpServer, type HttpServerOptions } from '../../../src/http/server.ts';
import { poolReport } from './sample-report.ts';

const idle: OrderResult = { kind: 'conflict', message: 'a fake does nothing', facts: {} };

/** Does nothing that it is told. */
export const refusingOrders: ControllerOrders = {
  rebuild: async () => idle,
  restore: async () => idle,
  pause: async () => idle,
  resume: async () => idle,
  approve: async () => idle,
  reject: async () => idle,
  cancel: async () => idle,
};

/** A controller of a healthy pool, with what differs. */
export function controllerView(more: Partial<ControllerView> = {}): ControllerView {
  return {
    report: () => poolReport(),
    observation: () => undefined,
    history: (range) => ({ range, bucket_seconds: 60, from: '2026-01-01T10:00:00.000Z', nodes: {} }),
    metrics: async () => '',
    membership: () => ({ version: 1 }),
    image: async () => ({ version: '3f9a12c0d4e5', made_at: '2026-01-01T09:00:00.000Z', problem: null }),
    notifications: () => ({ controller: 'webbox1', notifications: [] }),
    events: () => [],
    lastEventId: () => 0,
    onEvents: () => () => {},
    runs: () => [],
    run: async () => undefined,
    hasRun: () => false,
    courses: () => [],
    output: async () => '',
    faultEvents: () => [],
    askControllers: async () => [],
    health: () => ({ ok: true, detail: 'last progress 0.2 s ago' }),
    ready: () => ({ ok: true }),
    orders: refusingOrders,
    idempotent: new Idempotent({ begin: () => undefined, finish: () => undefined, drop: () => undefined }),
    token: async () => null,
    ...more,
  };
}

/** Its server, on a port of its own, for as long as the test lasts. */
export async function served(
  more: Partial<ControllerView> = {},
  options: Partial<HttpServerOptions> = {},
): Promise<HttpServer & { readonly faults: unknown[] }> {
  const faults: unknown[] = [];
  const server = await startHttpServer({
    listen: '127.0.0.1:0',
    view: controllerView(more),
    onFault: (error) => void faults.push(error),
    ...options,
  });
  onTestFinished(() => server.close());
  return { ...server, faults };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request on a connection of its own. The path goes out as it is. */
export function ask(
  url: string,
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<HttpAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const asked = request(
      { hostname, port, path, method, headers: { ...length, ...headers }, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}
