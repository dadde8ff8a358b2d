import type { StoreDatabase } from './database.ts';

/** What is known of a key that came before. */
export interface KnownRequest {
  /** What was asked with it, as a digest. */
  readonly request: string;
  /** What was answered; null when nobody knows: it was begun, and its process died. */
  readonly answer: string | null;
}

/** Requests that must not be done twice, with their answers, for a day. */
export interface Idempotency {
  /** Writes that a request begins; what came before with the same key, if anything did. */
  begin(key: string, request: string, atIso: string): KnownRequest | undefined;
  finish(key: string, answer: string): void;
  /** Nothing was done: the key may be used again. */
  drop(key: string): void;
}

const keepMs = 24 * 60 * 60_000;
/** The oldest are dropped beyond this many. */
const keepCount = 1_000;

/** The idempotency table. */
export function createIdempotency(database: StoreDatabase): Idempotency {
  const select = database.prepare<[string], KnownRequest>('SELECT request, answer FROM idempotency WHERE key = ?');
  const insert = database.prepare<[string, string, string]>('INSERT INTO idempotency VALUES (?, ?, NULL, ?)');
  const update = database.prepare<[string, string]>('UPDATE idempotency SET answer = ? WHERE key = ?');
  const remove = database.prepare<[string]>('DELETE FROM idempotency WHERE key = ?');
  const removeOld = database.prepare<[string, number]>(
    `DELETE FROM idempotency WHERE at < ?
     OR key NOT IN (SELECT key FROM idempotency ORDER BY at DESC LIMIT ?)`,
  );
  return {
    begin: (key, request, atIso) =>
      database.write(() => {
        removeOld.run(new Date(Date.parse(atIso) - keepMs).toISOString(), keepCount - 1);
        const known = select.get(key);
        if (known === undefined) insert.run(key, request, atIso);
        return known;
      }),
    finish: (key, answer) => void database.write(() => update.run(answer, key)),
    drop: (key) => void database.write(() => remove.run(key)),
  };
}
