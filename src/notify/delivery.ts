import { randomUUID } from 'node:crypto';
import type { NoticeChannel, QueuedNotice } from '../pool/notice.ts';
import { tellingOf } from '../pool/telling.ts';
import { begunMessage, dueNotices, hasCome, longestWaitMs, retryAfterMs, type Send } from './message.ts';
import { reportOf } from './notice-report.ts';
import type { NoticeChange, NotifySurroundings } from './parts.ts';

export interface DeliveryParts extends NotifySurroundings {
  readonly channel: NoticeChannel;
  readonly send: Send;
  readonly groupMs: () => number;
  readonly giveUpAfterMs: () => number;
}

/** What goes out next. */
interface Outgoing {
  readonly id: string;
  readonly queued: readonly QueuedNotice[];
}

/** Who has stepped back for another looks again after this time, in milliseconds. */
const stepBackMs = 5_000;

/** One channel: tells what is due, in order, one message at a time, and tries again until it is told, left to a peer, or too old. */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #ending = new AbortController();
  #attempt: Promise<void> | undefined;
  /** Notices that this controller asks about, or sends, at this moment. */
  #busy: ReadonlySet<number> = new Set();
  /** Nothing is tried before this time. */
  #resumesAt: string | undefined;
  /** No message is begun before this time. */
  #quietUntil: string | undefined;
  /** What was done, and could not be written down. */
  #unwritten: { readonly seqs: readonly number[]; readonly change: NoticeChange } | undefined;
  #isFailing = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  get busy(): ReadonlySet<number> {
    return this.#busy;
  }

  /** Begins what can be told now, and returns at once. Throws when the journal cannot be read or written: then nothing is told. */
  tick(): void {
    if (this.#attempt !== undefined || this.#ending.signal.aborted) return;
    if (this.#unwritten !== undefined) this.#write(this.#unwritten.seqs, this.#unwritten.change);
    const outgoing = this.#next(this.#withoutOld());
    if (outgoing === undefined) return;
    this.#attempt = this.#tell(outgoing)
      .catch((error: unknown) => {
        this.#parts.log.error({ err: error, channel: this.#parts.channel }, 'what was told could not be written down');
      })
      .finally(() => (this.#attempt = undefined));
  }

  /** Begins nothing more. An attempt that runs has so long to end by itself. */
  async stop(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#ending.abort(), graceMs);
    await this.#attempt;
    clearTimeout(timer);
    this.#ending.abort();
  }

  /** What waits; what has waited for too long is told no more. */
  #withoutOld(): readonly QueuedNotice[] {
    const { journal, channel, now, giveUpAfterMs, log } = this.#parts;
    const waiting = journal.notifications.waiting(channel);
    const oldest = now().getTime() - giveUpAfterMs();
    const old = waiting.filter(({ notice }) => Date.parse(notice.at) < oldest);
    const [first] = old;
    if (first === undefined) return waiting;
    const at = now().toISOString();
    journal.notifications.change(
      old.map(({ seq }) => seq),
      { state: 'lost', ended_at: at },
    );
    journal.events.append({ at, type: 'notify.lost', data: { channel, count: old.length, since: first.notice.at } });
    log.error({ channel, count: old.length }, 'notifications were given up: they could not be told for too long');
    return waiting.filter((queued) => !old.includes(queued));
  }

  #next(waiting: readonly QueuedNotice[]): Outgoing | undefined {
    const { journal, now } = this.#parts;
    const isOver = (at: string | null | undefined): boolean => at === null || at === undefined || hasCome(at, now());
    if (!isOver(this.#resumesAt)) return undefined;
    const begun = begunMessage(waiting);
    const [first] = begun;
    if (first !== undefined && first.message !== null)
      return isOver(first.next_at) ? { id: first.message, queued: begun } : undefined;
    if (!isOver(this.#quietUntil)) return undefined;
    const due = dueNotices(waiting, isOver);
    if (due.length === 0) return undefined;
    const id = randomUUID();
    journal.notifications.change(
      due.map(({ seq }) => seq),
      { message: id },
    );
    return { id, queued: due };
  }

  async #tell({ id, queued }: Outgoing): Promise<void> {
    this.#busy = new Set(queued.map(({ seq }) => seq));
    let stays = false;
    try {
      const { left, untold, mustWait } = await this.#ask(queued);
      for (const [peer, seqs] of left) this.#end(seqs, 'left', peer);
      stays = mustWait === 'stay';
      if (mustWait !== null) {
        this.#resumesAt = this.#after(stays ? 0 : stepBackMs);
        return;
      }
      if (untold.length > 0) await this.#send({ id, queued: untold });
    } finally {
      if (!stays) this.#busy = new Set();
    }
  }

  /** What the peers say of each notice. A message goes out whole, so one notice that has to wait holds up all. */
  async #ask(queued: readonly QueuedNotice[]): Promise<{
    readonly left: ReadonlyMap<string, readonly number[]>;
    readonly untold: readonly QueuedNotice[];
    readonly mustWait: 'stay' | 'step-back' | null;
  }> {
    const { journal, ask, now, self } = this.#parts;
    const peers = await ask();
    const since = new Date(now().getTime() - this.#parts.giveUpAfterMs()).toISOString();
    const own = reportOf(journal.notifications.since(since), now(), this.#busy);
    const left = new Map<string, number[]>();
    const untold: QueuedNotice[] = [];
    let mustWait: 'stay' | 'step-back' | null = null;
    for (const each of queued) {
      const [report] = reportOf([each], now(), this.#busy);
      const telling = report === undefined ? { kind: 'tell' as const } : tellingOf(report, own, peers, self());
      if (telling.kind === 'leave') left.set(telling.to, [...(left.get(telling.to) ?? []), each.seq]);
      else untold.push(each);
      if (telling.kind === 'step-back') mustWait = 'step-back';
      if (telling.kind === 'stay') mustWait ??= 'stay';
    }
    return { left, untold, mustWait };
  }

  async #send({ id, queued }: Outgoing): Promise<void> {
    const { send, channel, log } = this.#parts;
    const seqs = queued.map(({ seq }) => seq);
    const attempts = Math.max(...queued.map((each) => each.attempts)) + 1;
    // Written first: a journal that cannot be written does not have the same message sent every second.
    this.#write(seqs, { attempts, next_at: this.#after(retryAfterMs(attempts)) });
    const result = await send({ id, notices: queued.map(({ notice }) => notice) }, this.#ending.signal);
    if (result.kind === 'told') {
      this.#quietUntil = this.#after(Math.min(longestWaitMs, this.#parts.groupMs()));
      this.#end(seqs, 'told', result.detail);
      log.info({ channel, message: id, events: queued.length }, 'told');
      this.#note('notify.restored', {});
      return;
    }
    const { reason } = result;
    this.#write(seqs, { next_at: this.#after(retryAfterMs(attempts)), note: reason });
    log.debug({ channel, message: id, reason, attempts }, 'could not be told');
    this.#note('notify.failing', { reason });
  }

  /** Whether the channel works is told when it changes, not every time. */
  #note(type: 'notify.failing' | 'notify.restored', data: Readonly<Record<string, unknown>>): void {
    const { journal, channel, now, log } = this.#parts;
    const isFailing = type === 'notify.failing';
    if (isFailing === this.#isFailing) return;
    this.#isFailing = isFailing;
    journal.events.append({ at: now().toISOString(), type, data: { channel, ...data } });
    if (isFailing) log.error({ channel, ...data }, 'nobody can be told: it is tried again');
  }

  #end(seqs: readonly number[], state: 'told' | 'left', note: string): void {
    this.#write(seqs, { state, note, ended_at: this.#parts.now().toISOString() });
  }

  #write(seqs: readonly number[], change: NoticeChange): void {
    this.#unwritten = { seqs, change };
    this.#parts.journal.notifications.change(seqs, change);
    this.#unwritten = undefined;
  }

  #after(ms: number): string {
    return new Date(this.#parts.now().getTime() + ms).toISOString();
  }
}
