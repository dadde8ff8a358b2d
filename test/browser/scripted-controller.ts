import type { PoolReport } from '../../src/pool/report.ts';
import { PassThrough } from 'node:stream';
import { z } from 'zod';
import { loadAssets } from '../../src/http/page/assets.ts';
import type { HistoryReport } from '../../src/pool/history-report.ts';
import type { FaultView, PageView, RunPageView } from '../../src/http/page/page-view.ts';
import {
  accepted,
  guardedRoute,
  openRoute,
  plainGet,
  plainPost,
  problem,
  type Route,
  type RouteAnswer,
} from '../../src/http/route.ts';
import { pageRoutes } from '../../src/http/routes/pages.ts';
import { startHttpServer, type HttpServer } from '../../src/http/server.ts';
import * as samples from '../fakes/page-samples.ts';
import { controllerView } from '../unit/http/fake-controller.ts';

/** One order as it came. */
export interface SentOrder {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: unknown;
}

/** A controller that shows what a test tells it to, on a real server. */
export class ScriptedController {
  report: PoolReport;
  runs: readonly RunPageView[] = [];
  faults: readonly FaultView[] = [];
  /** What the next order is answered with. */
  answer: RouteAnswer = accepted({ run: '01jdrun9', node: 'webbox3', status: 'accepted' });
  readonly orders: SentOrder[] = [];
  /** From which event on each stream was asked for. */
  readonly streamsFrom: number[] = [];
  readonly #streams = new Set<PassThrough>();
  #lastEvent = 100;
  #server: HttpServer | undefined;
  #listen = '127.0.0.1:0';
  /** Times that the pages were asked for. */
  pagesAsked = 0;

  constructor(report: PoolReport) {
    this.report = report;
  }

  get url(): string {
    if (this.#server === undefined) throw new Error('it does not listen');
    return this.#server.url;
  }

  async start(): Promise<this> {
    this.#server = await startHttpServer({
      listen: this.#listen,
      view: controllerView({ token: async () => 'hunter2' }),
      routes: [...pageRoutes(this.#view(), loadAssets()), this.#eventRoute(), ...this.#orderRoutes()],
      onFault: (error) => {
        throw error;
      },
    });
    this.#listen = new URL(this.#server.url).host;
    return this;
  }

  /** Ends it; it comes back at the same address. */
  async stop(): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
    await this.#server?.close();
    this.#server = undefined;
  }

  /** Something happened: whoever listens hears of it. */
  tell(): void {
    this.#lastEvent += 1;
    for (const stream of this.#streams) stream.write(eventText(this.#lastEvent));
  }

  #view(): PageView {
    return {
      report: () => {
        this.pagesAsked += 1;
        return this.report;
      },
      history: (range): HistoryReport => samples.sampleHistory(this.report, range),
      runs: ({ node, limit }) => this.runs.filter((run) => node === undefined || run.node === node).slice(0, limit),
      faults: () => this.faults,
      run: async (id) => this.runs.find((run) => run.id === id),
      controllers: async () => samples.sampleAnswers(this.report),
      lastEvent: () => this.#lastEvent,
    };
  }

  #eventRoute(): Route {
    return openRoute({
      ...plainGet,
      path: '/v1/events',
      summary: 'events',
      headers: { 'last-event-id': 'where to go on' },
      content: { 'text/event-stream': null },
      answer: ({ headers }) => {
        const after = Number(headers.get('last-event-id'));
        this.streamsFrom.push(after);
        const body = new PassThrough();
        body.write(': here\n\n');
        for (let id = after + 1; id <= this.#lastEvent; id += 1) body.write(eventText(id));
        this.#streams.add(body);
        body.once('close', () => this.#streams.delete(body));
        return { kind: 'stream', type: 'text/event-stream', body };
      },
    });
  }

  #orderRoutes(): readonly Route[] {
    const paths = [
      '/v1/pause',
      '/v1/resume',
      ...['pause', 'resume', 'rebuild'].map((act) => `/v1/nodes/:name/${act}`),
      ...['approve', 'reject'].map((act) => `/v1/runs/:id/${act}`),
    ];
    return paths.map((path) =>
      guardedRoute({
        ...plainPost,
        path,
        summary: 'an order',
        body: z.unknown(),
        headers: { 'idempotency-key': 'its name' },
        content: { 'application/json': z.unknown() },
        answer: ({ params, headers, body }) => {
          this.orders.push({
            path: path.replace(/:(\w+)/, (_, name: string) => params.get(name) ?? ''),
            key: headers.get('idempotency-key'),
            body,
          });
          return this.answer;
        },
      }),
    );
  }
}

/** A refusal by a gate, as the controller words it. */
export const refusedByGate = problem(422, 'The rebuild is refused.', {
  gate: 'paused',
  message: 'pool is paused: new switch',
  facts: {},
});

function eventText(id: number): string {
  return `id: ${id}\nevent: node.state\ndata: {"id":${id}}\n\n`;
}
