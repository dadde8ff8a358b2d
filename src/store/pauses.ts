import type { StoreDatabase } from './database.ts';
import { cut, type Redact } from './text.ts';

/** The whole pool, or one node. A node may be called `pool`, so its scope is told apart by the prefix. */
export type PauseScope = 'pool' | `node/${string}`;

/** Actions are held, measurement goes on. Times are ISO UTC; without `until` it lasts until it is cleared. */
export interface Pause {
  readonly scope: PauseScope;
  readonly until: string | null;
  readonly reason: string;
  readonly by: string;
  readonly at: string;
}

export interface Pauses {
  /** Sets or replaces the pause of a scope. */
  set(pause: Omit<Pause, 'until'> & { readonly until?: string | null | undefined }): void;
  /** False when there was none. */
  clear(scope: PauseScope): boolean;
  /** The pauses that hold at this time. */
  active(nowIso: string): readonly Pause[];
}

/** The pauses table. */
export function createPauses(database: StoreDatabase, redact: Redact): Pauses {
  const upsert = database.prepare<Pause>(
    `INSERT INTO pauses VALUES (@scope, @until, @reason, @by, @at) ON CONFLICT (scope) DO UPDATE SET until = excluded.until,
     reason = excluded.reason, set_by = excluded.set_by, set_at = excluded.set_at`,
  );
  const remove = database.prepare<[string]>('DELETE FROM pauses WHERE scope = ?');
  const select = database.prepare<[string], Pause>(
    `SELECT scope, until, reason, set_by AS "by", set_at AS "at" FROM pauses WHERE until IS NULL OR until > ? ORDER BY scope`,
  );
  return {
    set: (pause) => {
      const record = { ...pause, until: pause.until ?? null, reason: cut(redact(pause.reason)) };
      database.write(() => upsert.run(record));
    },
    clear: (scope) => database.write(() => remove.run(scope).changes > 0),
    active: (nowIso) => database.read(() => select.all(nowIso)),
  };
}
