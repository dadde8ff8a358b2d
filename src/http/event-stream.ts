import { Readable } from 'node:stream';
import type { JournalEvent } from '../store/events.ts';

/** Which events a reader wants. */
export interface EventWish {
  readonly node?: string | undefined;
  readonly run?: string | undefined;
  readonly type?: string | undefined;
}

/** Some events of a source, and up to which id that is all of them. */
export interface EventPage {
  readonly events: readonly JournalEvent[];
  readonly upTo: number;
}

/** The events after an id that a reader wants, as many as fit into a page. */
export type EventSource = (after: number, wish: EventWish) => EventPage;

/** A browser whose stream broke comes back after so long. */
const retryMs = 2_000;
/** A reader that took nothing during so many heartbeats is gone. */
const mostIdleBeats = 3;

/**
 * One reader's events, as text/event-stream. It is asked for more only when the reader has taken what it was given, and goes on in the
 * journal where it stopped: a slow reader costs no memory, and misses nothing. One that takes nothing at all is dropped.
 */
export class EventStream extends Readable {
  readonly #source: EventSource;
  readonly #wish: EventWish;
  #position: number;
  #isHungry = false;
  /** Heartbeats since the reader last took anything. */
  #idleBeats = 0;

  /** The first event that is told comes after that id. */
  constructor(source: EventSource, wish: EventWish, after: number) {
    super({ highWaterMark: 16 * 1024 });
    this.#source = source;
    this.#wish = wish;
    this.#position = after;
    // An id without data: a reader that breaks off before the first event knows where to go on.
    this.push(`retry: ${retryMs}\nid: ${after}\n\n`);
  }

  /** The reader wants more. */
  override _read(): void {
    this.#isHungry = true;
    this.#idleBeats = 0;
    this.tell();
  }

  /** Something was appended to the journal. */
  tell(): void {
    if (!this.#isHungry || this.destroyed) return;
    try {
      for (;;) {
        const { events, upTo } = this.#source(this.#position, this.#wish);
        const hasMoved = upTo > this.#position;
        this.#position = upTo;
        if (events.length > 0) return this.#give(events.map(eventText).join(''));
        if (!hasMoved) return;
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Shows that the connection lives; and how far the reader is, though nothing of what passed was for it. */
  beat(): void {
    if (this.#isHungry) return this.#give(`: heartbeat\nid: ${this.#position}\n\n`);
    this.#idleBeats += 1;
    if (this.#idleBeats >= mostIdleBeats) this.destroy();
  }

  /** After this no more is given until the reader asks again, which it does at once when it has room. */
  #give(text: string): void {
    this.#isHungry = false;
    this.push(text);
  }
}

/** All readers are told the same event: its text is made once. */
const texts = new WeakMap<JournalEvent, string>();

function eventText(event: JournalEvent): string {
  const made = texts.get(event);
  if (made !== undefined) return made;
  // A line break would begin another field: JSON has none, and a type that has one is no word.
  const text = `id: ${event.id}\nevent: ${event.type.replace(/\s/g, ' ')}\ndata: ${JSON.stringify(event)}\n\n`;
  texts.set(event, text);
  return text;
}
