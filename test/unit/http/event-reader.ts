import { EventEmitter, once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';

/** One message of an event stream, by its fields; `comment` holds what follows a colon. */
export type StreamMessage = Readonly<Record<string, string>>;

/** A reader of an event stream, as a browser is one. */
export class EventReader {
  readonly response: IncomingMessage;
  readonly #messages: StreamMessage[] = [];
  readonly #news = new EventEmitter();
  #rest = '';

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('error', () => {});
    response.on('close', () => this.#news.emit('gone'));
    response.on('data', (chunk: string) => {
      const parts = (this.#rest + chunk).split('\n\n');
      this.#rest = parts.pop() ?? '';
      this.#messages.push(...parts.map(fieldsOf));
      this.#news.emit('message');
    });
  }

  /** Begins to read, for as long as the test lasts. */
  static async open(url: string, path: string, headers: Record<string, string> = {}): Promise<EventReader> {
    const asked = request(`${url}${path}`, { agent: false, headers: { accept: 'text/event-stream', ...headers } });
    onTestFinished(() => void asked.destroy());
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.on('error', reject).on('response', resolve).end();
    });
    return new EventReader(response);
  }

  /** The next message of any kind. */
  async next(): Promise<StreamMessage> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      await once(this.#news, 'message');
    }
  }

  /** When the connection ends. */
  async gone(): Promise<void> {
    if (!this.response.closed) await once(this.#news, 'gone');
  }

  /** The ids of the next events. */
  async ids(count: number): Promise<readonly number[]> {
    const ids: number[] = [];
    while (ids.length < count) {
      const { id, data } = await this.next();
      if (data !== undefined) ids.push(Number(id));
    }
    return ids;
  }

  /** Goes away in the middle. */
  leave(): void {
    this.response.destroy();
  }
}

function fieldsOf(text: string): StreamMessage {
  return Object.fromEntries(
    text.split('\n').map((line) => {
      const [, name = '', value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
      return [name || 'comment', value];
    }),
  );
}
