import { noticeChannels, noticeStates, type Notice, type NoticeState, type QueuedNotice } from '../pool/notice.ts';
import type { StoreDatabase } from './database.ts';
import { cut, parseOwn, toJson, type Redact } from './text.ts';

/** A notice that is to be told through a channel. */
export type NewNotification = Pick<QueuedNotice, 'channel' | 'key' | 'notice' | 'due_at'>;

/** What became of a notice. Fields left out stay as they are. */
export interface NotificationChange {
  readonly state?: NoticeState;
  readonly message?: string;
  readonly attempts?: number;
  readonly next_at?: string;
  /** Who told it instead, or why it could not be told. */
  readonly note?: string;
  readonly ended_at?: string;
}

/** What is to be told, in order, and the event up to which that is known. */
export interface Notifications {
  /** The last event that was considered. */
  considered(): number;
  /** Queues notices, and notes the event up to which they are complete: both, or neither. */
  add(notifications: readonly NewNotification[], considered: number): void;
  /** What a channel has yet to tell, in order, at most 500. */
  waiting(channel: QueuedNotice['channel']): readonly QueuedNotice[];
  change(seqs: readonly number[], change: NotificationChange): void;
  /** Whatever became of them: those that happened since then (ISO UTC), newest first, at most 500. */
  since(at: string): readonly QueuedNotice[];
  /** Removes what happened before then. What waits stays: whoever would have told it has to give it up first, and say so. */
  prune(before: string): void;
}

interface NotificationRecord {
  readonly seq: number;
  readonly channel: string;
  readonly key: string;
  readonly notice: string;
  readonly due_at: string;
  readonly state: string;
  readonly message: string | null;
  readonly attempts: number;
  readonly next_at: string | null;
}

/** The notifications table. */
export function createNotifications(database: StoreDatabase, redact: Redact): Notifications {
  const selectConsidered = database.prepare<[], { readonly event: number }>('SELECT event FROM notified');
  const setConsidered = database.prepare<[number]>('UPDATE notified SET event = ?');
  const insert = database.prepare<{ channel: string; key: string; at: string; notice: string; due_at: string }>(
    'INSERT INTO notifications (channel, key, at, notice, due_at) VALUES (@channel, @key, @at, @notice, @due_at)',
  );
  const selectWaiting = database.prepare<[string], NotificationRecord>(
    `SELECT * FROM notifications WHERE state = 'waiting' AND channel = ? ORDER BY seq LIMIT 500`,
  );
  const selectSince = database.prepare<[string], NotificationRecord>(
    'SELECT * FROM notifications WHERE at >= ? ORDER BY seq DESC LIMIT 500',
  );
  const update = database.prepare<Record<string, string | number | null>>(
    `UPDATE notifications SET state = coalesce(@state, state), message = coalesce(@message, message),
     attempts = coalesce(@attempts, attempts), next_at = coalesce(@next_at, next_at), note = coalesce(@note, note),
     ended_at = coalesce(@ended_at, ended_at) WHERE seq = @seq`,
  );
  const remove = database.prepare<[string]>(`DELETE FROM notifications WHERE at < ? AND state <> 'waiting'`);
  return {
    considered: () => database.read(() => selectConsidered.get()?.event ?? 0),
    add: (notifications, considered) => {
      database.write(() => {
        for (const { channel, key, notice, due_at } of notifications)
          insert.run({ channel, key, at: notice.at, notice: toJson(notice, redact), due_at });
        setConsidered.run(considered);
      });
    },
    waiting: (channel) => database.read(() => selectWaiting.all(channel).map(toQueued)),
    change: (seqs, { note, ...change }) => {
      database.write(() => {
        const text = note === undefined ? null : cut(redact(note));
        for (const seq of seqs)
          update.run({
            seq,
            state: change.state ?? null,
            message: change.message ?? null,
            attempts: change.attempts ?? null,
            next_at: change.next_at ?? null,
            note: text,
            ended_at: change.ended_at ?? null,
          });
      });
    },
    since: (at) => database.read(() => selectSince.all(at).map(toQueued)),
    prune: (before) => {
      database.write(() => remove.run(before));
    },
  };
}

function toQueued(record: NotificationRecord): QueuedNotice {
  const { seq, key, due_at, message, attempts, next_at } = record;
  return {
    seq,
    key,
    due_at,
    message,
    attempts,
    next_at,
    channel: noticeChannels.find((channel) => channel === record.channel) ?? 'mail',
    state: noticeStates.find((state) => state === record.state) ?? 'lost',
    notice: parseOwn<Notice>(record.notice),
  };
}
