import type { StoreDatabase } from './database.ts';
import { parseObject, toJson, type Redact } from './text.ts';

export interface NewEvent {
  /** ISO UTC. */
  readonly at: string;
  readonly run?: string | null | undefined;
  readonly node?: string | null | undefined;
  /** A dotted word, such as `run.started` or `gate.held`. */
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Something that happened. Ids grow, and none is used twice, so a reader can resume after the last one it saw. */
export interface JournalEvent {
  readonly id: number;
  readonly at: string;
  readonly run: string | null;
  readonly node: string | null;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventFilter {
  readonly run?: string | undefined;
  readonly node?: string | undefined;
  /** Only events of this type, or of the types that begin with this word: `fault` takes `fault.opened`. */
  readonly type?: string | undefined;
  /** Only events with a greater id. */
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}

export interface Events {
  append(event: NewEvent): number;
  /** Events of these types since a time (ISO UTC), of one node when it is named, oldest first. */
  lately(types: readonly string[], since: string, node?: string): readonly JournalEvent[];
  /** Oldest first. */
  list(filter?: EventFilter): readonly JournalEvent[];
  /** The id of the newest event; 0 before the first. */
  lastId(): number;
  /** Calls back after this process appended one or more, once what it was doing is committed. Returns how to end that. */
  onAppended(listener: () => void): () => void;
}

type EventRecord = Omit<JournalEvent, 'data'> & { readonly data: string };

/** The events table. */
export function createEvents(database: StoreDatabase, redact: Redact): Events {
  const insert = database.prepare<Omit<EventRecord, 'id'>>(
    'INSERT INTO events (at, run, node, type, data) VALUES (@at, @run, @node, @type, @data)',
  );
  const select = database.prepare<
    { run: string | null; node: string | null; type: string | null; after: number; limit: number },
    EventRecord
  >(
    `SELECT * FROM events WHERE id > @after AND (@run IS NULL OR run = @run) AND (@node IS NULL OR node = @node)
     AND (@type IS NULL OR type = @type OR substr(type, 1, length(@type) + 1) = @type || '.') ORDER BY id LIMIT @limit`,
  );
  const listeners = new Set<() => void>();
  let isTelling = false;
  const appended = (): void => {
    if (isTelling || listeners.size === 0) return;
    isTelling = true;
    // Transactions do not outlast the turn of the event loop that they begin in.
    setImmediate(() => {
      isTelling = false;
      for (const listener of listeners) listener();
    });
  };
  const selectLast = database.prepare<[], { readonly id: number }>('SELECT coalesce(max(id), 0) AS id FROM events');
  const selectLately = database.prepare<{ types: string; since: string }, EventRecord>(
    'SELECT * FROM events WHERE at >= @since AND type IN (SELECT value FROM json_each(@types)) ORDER BY id',
  );
  const selectLatelyOf = database.prepare<{ node: string; types: string; since: string }, EventRecord>(
    `SELECT * FROM events WHERE node = @node AND at >= @since AND type IN (SELECT value FROM json_each(@types))
     ORDER BY id`,
  );
  return {
    lately: (types, since, node) =>
      database.read(() =>
        (node === undefined
          ? selectLately.all({ types: JSON.stringify(types), since })
          : selectLatelyOf.all({ types: JSON.stringify(types), since, node })
        ).map((record) => ({ ...record, data: parseObject(record.data) })),
      ),
    append: ({ at, run = null, node = null, type, data }) =>
      database.write(() => {
        const { lastInsertRowid } = insert.run({ at, run, node, type, data: toJson(data, redact) });
        appended();
        return Number(lastInsertRowid);
      }),
    list: ({ run, node, type, after = 0, limit = 1000 } = {}) =>
      database.read(() =>
        select
          .all({ run: run ?? null, node: node ?? null, type: type ?? null, after, limit })
          .map((record) => ({ ...record, data: parseObject(record.data) })),
      ),
    lastId: () => database.read(() => selectLast.get()?.id ?? 0),
    onAppended: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
