import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** An event as a daemon lists it, without its id. */
export interface ToldEvent {
  readonly at: string;
  readonly type: string;
  readonly node?: string;
  readonly run?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A node as a daemon's status shows it, as far as the demo reads it. */
export interface ShownNode {
  readonly name: string;
  readonly state: string;
  readonly why: string;
  readonly address: string;
  readonly instance_uuid: string;
  readonly last_run?: { readonly id: string; readonly state: string; readonly step: string };
}

/** Stands in for one node's daemon: journals and shows what the test says. */
export class FakeDaemon {
  readonly address: string;
  isUp = true;
  at = '';
  nodes: readonly ShownNode[] = [];
  readonly #events: object[] = [];
  readonly #server: Server;
  readonly #onAsked: (daemon: FakeDaemon) => void;

  constructor(address: string, onAsked: (daemon: FakeDaemon) => void) {
    this.address = address;
    this.#onAsked = onAsked;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** Listens; on a port that is free when none is named. */
  async open(port = 0): Promise<number> {
    this.#server.listen(port, this.address);
    await once(this.#server, 'listening');
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    return bound.port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  journal(...events: readonly ToldEvent[]): void {
    for (const event of events) {
      this.#events.push({ node: null, run: null, data: {}, ...event, id: this.#events.length + 1 });
    }
  }

  #answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://daemon');
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (!this.isUp) return answer(503, {});
    if (headers.authorization !== 'Bearer the-token') return answer(401, {});
    if (pathname === '/v1/events') {
      return answer(200, { events: this.#events.slice(Number(searchParams.get('after'))) });
    }
    if (pathname !== '/v1/status') return answer(404, {});
    answer(200, { at: this.at, nodes: this.nodes });
    this.#onAsked(this);
  }
}
