import type { Notice, QueuedNotice } from '../pool/notice.ts';

/** What goes out through a channel at one time: one notice, or several that came together. */
export interface Message {
  /** Stays the same over attempts and restarts, so that a receiver can drop a repeat. */
  readonly id: string;
  readonly notices: readonly Notice[];
}

/** What came of an attempt. */
export type SendResult =
  { readonly kind: 'told'; readonly detail: string } | { readonly kind: 'failed'; readonly reason: string };

/** Sends a message, or says why that was not possible. Never throws; ends by itself within a minute, and soon after `signal`. */
export type Send = (message: Message, signal: AbortSignal) => Promise<SendResult>;

/** More notices than these are told in a further message. */
const longestMessage = 50;

/** The notices of the message that was begun and is not told; empty when there is none. */
export function begunMessage(waiting: readonly QueuedNotice[]): readonly QueuedNotice[] {
  const begun = waiting.find(({ message }) => message !== null);
  return begun === undefined ? [] : waiting.filter(({ message }) => message === begun.message);
}

/** What can go out now, in order: nothing that is not due, and nothing of a node before what came earlier of it. */
export function dueNotices(waiting: readonly QueuedNotice[], isDue: (at: string) => boolean): readonly QueuedNotice[] {
  const behind = new Set<string | null>();
  const due: QueuedNotice[] = [];
  for (const queued of waiting) {
    const { node } = queued.notice;
    if (behind.has(node)) continue;
    if (isDue(queued.due_at)) due.push(queued);
    else behind.add(node);
  }
  return due.slice(0, longestMessage);
}

/** The wait before the next attempt, in milliseconds: 10 s, doubled each time, up to 15 minutes. */
export function retryAfterMs(attempts: number): number {
  return Math.min(longestWaitMs, 10_000 * 2 ** Math.min(attempts - 1, 20));
}

/** No wait is longer than this, however a wall clock was set meanwhile. */
export const longestWaitMs = 15 * 60_000;

/** Whether a time has come. One that lies further ahead than any wait was written by a clock that was wrong. */
export function hasCome(at: string, now: Date): boolean {
  const aheadMs = Date.parse(at) - now.getTime();
  return !(aheadMs > 0 && aheadMs <= longestWaitMs);
}
