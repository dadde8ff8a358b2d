import pino from 'pino';
import type { Message, SendResult } from '../../../src/notify/message.ts';
import { Notifier, type NotifierParts } from '../../../src/notify/notifier.ts';
import { notifiedByDefault, type NotifiedEvent, type PeerNotices } from '../../../src/pool/notice.ts';
import type { Journal } from '../../../src/store/journal.ts';
import { SimulatedClock } from '../../fakes/clock.ts';
import { temporaryFolder, temporaryJournal } from '../store/folders.ts';

const beganMs = Date.UTC(2026, 0, 1, 10);

/** A message that a server took. */
export interface Sent {
  readonly by: string;
  readonly id: string;
  readonly at: number;
  readonly lines: readonly string[];
}

/** Several controllers with real journals on one simulated clock, and a mail server that does what a test wants. */
export class SimulatedPool {
  readonly clock = new SimulatedClock();
  readonly sent: Sent[] = [];
  readonly controllers = new Map<string, SimulatedController>();
  /** What the server does with a message: by default it takes it at once. */
  server: (by: string) => Promise<SendResult> | SendResult = () => ({ kind: 'told', detail: 'queued' });
  /** How long a controller's answer takes to come, in milliseconds. */
  latencyMs: () => number = () => 0;
  events: readonly NotifiedEvent[] = notifiedByDefault;

  constructor(...names: readonly string[]) {
    for (const name of names) this.controllers.set(name, new SimulatedController(this, name));
    for (const each of this.controllers.values()) each.start();
  }

  now(): Date {
    return new Date(beganMs + this.clock.now());
  }

  get names(): readonly string[] {
    return [...this.controllers.keys()];
  }

  controller(name: string): SimulatedController {
    const found = this.controllers.get(name);
    if (found === undefined) throw new Error(`no controller is called ${name}`);
    return found;
  }

  /** These controllers (all by default) see it now. */
  happens(type: string, data: Record<string, unknown> = {}, names = this.names, node: string | null = 'webbox9'): void {
    for (const name of names) this.controller(name).happens(type, data, node);
  }

  /** What was told, without who told it. */
  get told(): readonly string[] {
    return this.sent.flatMap(({ lines }) => lines);
  }

  async sleep(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => this.clock.at(this.clock.now() + ms, resolve));
  }

  async ask(by: string): Promise<readonly PeerNotices[]> {
    const others = [...this.controllers.values()].filter(({ name }) => name !== by);
    const answers = await Promise.all(
      others.map(async (other) => {
        await this.sleep(this.latencyMs());
        const answer = other.answer(by);
        await this.sleep(this.latencyMs());
        return answer;
      }),
    );
    return answers.filter((answer) => answer !== undefined);
  }

  async send(by: string, { id, notices }: Message): Promise<SendResult> {
    const result = await this.server(by);
    const at = this.clock.now();
    const lines = notices.map(({ node, summary }) => `${node ?? 'pool'}: ${summary}`);
    if (result.kind === 'told') this.sent.push({ by, id, at, lines });
    return result;
  }
}

/** One controller: its journal outlives its process. */
export class SimulatedController {
  readonly name: string;
  readonly journal: Journal;
  /** Who asks it hears nothing. */
  readonly unheardBy = new Set<string>();
  #notifier: Notifier | undefined;
  readonly #pool: SimulatedPool;
  #process = 0;

  constructor(pool: SimulatedPool, name: string) {
    this.#pool = pool;
    this.name = name;
    this.journal = temporaryJournal(`${temporaryFolder()}/${name}`);
  }

  get isUp(): boolean {
    return this.#notifier !== undefined;
  }

  start(): void {
    this.#process += 1;
    this.#notifier = new Notifier(this.#parts(this.#process));
    this.#notifier.start();
  }

  /** Its process ends at once: what it waits for never comes. */
  die(): void {
    this.#process += 1;
    void this.#notifier?.stop();
    this.#notifier = undefined;
  }

  happens(type: string, data: Record<string, unknown>, node: string | null): void {
    if (this.isUp) this.journal.events.append({ at: this.#pool.now().toISOString(), node, type, data });
  }

  answer(by: string): PeerNotices | undefined {
    if (this.#notifier === undefined || this.unheardBy.has(by)) return undefined;
    return { peer: this.name, notices: this.#notifier.report() };
  }

  #parts(process: number): NotifierParts {
    const pool = this.#pool;
    const { name, journal } = this;
    const alive = async <T>(work: Promise<T>): Promise<T> => {
      const result = await work;
      return this.#process === process ? result : new Promise<T>(() => undefined);
    };
    return {
      journal,
      clock: pool.clock,
      log: pino({ level: 'silent' }),
      now: () => pool.now(),
      self: () => name,
      ask: async () => alive(pool.ask(name)),
      send: {
        mail: async (message) => alive(pool.send(name, message)),
        webhook: async () => ({ kind: 'failed', reason: 'none here' }),
      },
      settings: () => ({ groupMs: 30_000, giveUpAfterMs: 3 * 24 * 3_600_000 }),
      facts: () => ({
        pool: 'web',
        self: name,
        isNode: true,
        events: pool.events,
        channels: ['mail'],
        staggerMs: 30_000,
        observers: () => pool.names,
        node: () => undefined,
        page: () => null,
      }),
    };
  }
}
