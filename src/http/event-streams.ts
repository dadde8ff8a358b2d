import type { EventFilter, JournalEvent } from '../store/events.ts';
import { EventStream, type EventPage, type EventWish } from './event-stream.ts';

/** The journal's events, as the streams need them. */
export interface EventTap {
  events(filter: EventFilter): readonly JournalEvent[];
  /** The id of the newest event. */
  lastEventId(): number;
  /** Calls back soon after this process appended events. Returns how to end that. */
  onEvents(listener: () => void): () => void;
}

export interface EventStreamsOptions {
  readonly tap: EventTap;
  /** So many readers at one time. */
  readonly most: number;
  readonly heartbeatMs: number;
  /** How often the journal is looked at for what other processes wrote. */
  readonly pollMs: number;
  /** Told of what went wrong with the journal. */
  readonly onFault: (error: unknown) => void;
}

/** Events that most readers are about to be told, and a page for one that is further back. */
const recentCount = 500;
const pageSize = 100;

/** The readers that are told events as they come. New ones are read from the journal once, for all of them. */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #streams = new Set<EventStream>();
  #recent: readonly JournalEvent[] = [];
  /** `#recent` has every event from here on, up to `#newest`. */
  #recentAfter = 0;
  #newest = 0;
  #end: (() => void) | undefined;

  constructor(options: EventStreamsOptions) {
    this.#options = options;
  }

  /** How many readers there are. */
  get size(): number {
    return this.#streams.size;
  }

  /** A stream of what comes after that id, or from now on; undefined when there are too many readers. */
  open(wish: EventWish, after: number | undefined): EventStream | undefined {
    if (this.#streams.size >= this.#options.most) return undefined;
    if (this.#end === undefined) this.#begin();
    const newest = this.#options.tap.lastEventId();
    // An id that the journal has not reached yet is another journal's.
    const stream = new EventStream(this.#page, wish, Math.min(after ?? newest, newest));
    this.#streams.add(stream);
    stream.on('error', this.#options.onFault);
    stream.on('close', () => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#rest();
    });
    return stream;
  }

  /** Ends every stream. */
  close(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#rest();
  }

  #begin(): void {
    const { tap, heartbeatMs, pollMs } = this.#options;
    this.#newest = tap.lastEventId();
    this.#recentAfter = this.#newest;
    this.#recent = [];
    const stopTelling = tap.onEvents(() => this.#look());
    const poll = setInterval(() => this.#look(), pollMs);
    const beat = setInterval(() => {
      for (const stream of this.#streams) stream.beat();
    }, heartbeatMs);
    this.#end = () => {
      stopTelling();
      clearInterval(poll);
      clearInterval(beat);
    };
  }

  #rest(): void {
    this.#end?.();
    this.#end = undefined;
    this.#recent = [];
  }

  /** Reads what is new, and tells those that wait for it. */
  #look(): void {
    const { tap, onFault } = this.#options;
    try {
      for (;;) {
        const events = tap.events({ after: this.#newest, limit: recentCount });
        const last = events.at(-1);
        if (last === undefined) return;
        this.#remember(events, last.id);
        for (const stream of this.#streams) stream.tell();
      }
    } catch (error) {
      onFault(error);
    }
  }

  #remember(events: readonly JournalEvent[], newest: number): void {
    const all = [...this.#recent, ...events];
    const forgotten = all.slice(0, -recentCount).at(-1);
    this.#recent = all.slice(-recentCount);
    this.#recentAfter = forgotten?.id ?? this.#recentAfter;
    this.#newest = newest;
  }

  readonly #page = (after: number, wish: EventWish): EventPage => {
    const { tap } = this.#options;
    if (after >= this.#newest) return { events: [], upTo: after };
    if (after >= this.#recentAfter) {
      const from = this.#recent.findIndex(({ id }) => id > after);
      const page = from === -1 ? [] : this.#recent.slice(from, from + pageSize);
      return { events: page.filter((event) => isWished(event, wish)), upTo: page.at(-1)?.id ?? this.#newest };
    }
    const events = tap.events({ ...wish, after, limit: pageSize });
    // A page that is not full has all there is up to the newest that was known before it was read.
    return {
      events,
      upTo: events.length < pageSize ? Math.max(this.#newest, events.at(-1)?.id ?? 0) : (events.at(-1)?.id ?? after),
    };
  };
}

function isWished({ node, run, type }: JournalEvent, wish: EventWish): boolean {
  return (
    (wish.node === undefined || wish.node === node) &&
    (wish.run === undefined || wish.run === run) &&
    (wish.type === undefined || `${type}.`.startsWith(`${wish.type}.`))
  );
}
