import { noticeChannels, type NoticeChannel, type NoticeReport } from '../pool/notice.ts';
import { Delivery } from './delivery.ts';
import { noticesOf, type IntakeFacts, type NewNotice } from './intake.ts';
import type { HappenedEvent } from './kinds.ts';
import type { Send } from './message.ts';
import { newsOf } from './news.ts';
import { reportOf } from './notice-report.ts';
import type { NotifySurroundings } from './parts.ts';

export interface NotifierParts extends NotifySurroundings {
  /** Monotonic milliseconds, and timers on them. */
  readonly clock: { now(): number; at(monotonicMs: number, work: () => void): () => void };
  readonly send: Readonly<Record<NoticeChannel, Send>>;
  /** As the configuration is now. */
  readonly settings: () => { readonly groupMs: number; readonly giveUpAfterMs: number };
  readonly facts: () => IntakeFacts;
}

const everyMs = 1_000;
/** Events that are read at one time. */
const batch = 500;
/** An attempt that runs when the daemon ends has so long. */
const graceMs = 3_000;

/**
 * Tells people and programs what the journal's events say. It reads them a moment after they were written, so that nothing that acts
 * ever waits for it, and keeps what is to be told in the journal, too.
 */
export class Notifier {
  readonly #parts: NotifierParts;
  readonly #deliveries: ReadonlyMap<NoticeChannel, Delivery>;
  /** The last event that was looked at, and the last one that the journal knows of. */
  #considered: number | undefined;
  #written: number | undefined;
  #callOff: () => void = () => undefined;
  #isInTrouble = false;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
    this.#deliveries = new Map(
      noticeChannels.map((channel) => [
        channel,
        new Delivery({
          ...parts,
          channel,
          send: parts.send[channel],
          groupMs: () => parts.settings().groupMs,
          giveUpAfterMs: () => parts.settings().giveUpAfterMs,
        }),
      ]),
    );
  }

  start(): void {
    this.#look();
    const { clock } = this.#parts;
    this.#callOff = clock.at(clock.now() + everyMs, () => this.start());
  }

  async stop(): Promise<void> {
    this.#callOff();
    await Promise.all([...this.#deliveries.values()].map((delivery) => delivery.stop(graceMs)));
  }

  /** What was told, and what is about to be, for the peers. */
  report(): readonly NoticeReport[] {
    const busy = new Set([...this.#deliveries.values()].flatMap((delivery) => [...delivery.busy]));
    return reportOf(this.#parts.journal.notifications.since(this.#oldest()), this.#parts.now(), busy);
  }

  #look(): void {
    try {
      this.#take();
      for (const channel of this.#parts.facts().channels) this.#deliveries.get(channel)?.tick();
      this.#isInTrouble = false;
    } catch (error) {
      if (!this.#isInTrouble)
        this.#parts.log.error({ err: error }, 'nothing can be told while the journal is unusable');
      this.#isInTrouble = true;
    }
  }

  /** Queues what the events since the last look are worth. */
  #take(): void {
    const { journal } = this.#parts;
    const { notifications } = journal;
    let written = this.#written ?? notifications.considered();
    let after = this.#considered ?? written;
    const facts = this.#parts.facts();
    for (let events = this.#eventsAfter(after); events.length > 0; events = this.#eventsAfter(after)) {
      for (const event of events) {
        const news = this.#newsIn(event, facts);
        after = event.id;
        // Events that nobody is told of are considered again after a restart, and come to nothing again.
        if (news.length === 0 && after - written < batch) continue;
        // Each event with its notices: the next one is judged by what is queued.
        notifications.add(news, after);
        written = after;
        notifications.prune(this.#oldest());
      }
      this.#considered = after;
      this.#written = written;
    }
  }

  #eventsAfter(after: number): readonly HappenedEvent[] {
    return this.#parts.journal.events.list({ after, limit: batch });
  }

  #newsIn(event: HappenedEvent, facts: IntakeFacts): readonly NewNotice[] {
    const notices = noticesOf(event, facts);
    if (notices.length === 0) return [];
    const { notifications } = this.#parts.journal;
    const recent = notifications.since(this.#oldest());
    return notices.filter((notice) => {
      const ofChannel = recent.filter(({ channel }) => channel === notice.channel);
      const { isNews, passed } = newsOf(event, notice.key, ofChannel);
      if (passed.length > 0)
        notifications.change(passed, { state: 'passed', ended_at: this.#parts.now().toISOString() });
      return isNews;
    });
  }

  #oldest(): string {
    return new Date(this.#parts.now().getTime() - this.#parts.settings().giveUpAfterMs).toISOString();
  }
}
