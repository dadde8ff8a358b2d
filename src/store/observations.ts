import type { StoreDatabase } from './database.ts';

/**
 * How long a thing has been seen unchanged, by this machine's monotonic clock alone: no clocks of two machines are compared.
 * It outlives the process, and ends with the boot, since a monotonic clock starts anew there.
 */
export interface Observations {
  /** Records that `key` looks like `fingerprint` now. Returns when it was first seen so, by the same clock, in milliseconds. */
  seen(key: string, fingerprint: string, bootId: string, monotonicMs: number): number;
  /** Fingerprints of keys that begin so, and that were first seen at or before `sinceMs`, in this boot. */
  unchangedSince(keyPrefix: string, bootId: string, sinceMs: number): readonly string[];
  /** Drops what is no longer there. */
  forget(key: string): void;
}

interface Row {
  readonly fingerprint: string;
  readonly boot_id: string;
  readonly first_seen_ms: number;
  readonly last_seen_ms: number;
}

/** The observations table. */
export function createObservations(database: StoreDatabase): Observations {
  const select = database.prepare<[string], Row>('SELECT * FROM observations WHERE key = ?');
  const upsert = database.prepare<[string, string, string, number, number]>(
    `INSERT INTO observations VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint,
     boot_id = excluded.boot_id, first_seen_ms = excluded.first_seen_ms, last_seen_ms = excluded.last_seen_ms`,
  );
  const selectOld = database.prepare<[string, string, string, number], { readonly fingerprint: string }>(
    'SELECT fingerprint FROM observations WHERE key >= ? AND key < ? AND boot_id = ? AND first_seen_ms <= ?',
  );
  const remove = database.prepare<[string]>('DELETE FROM observations WHERE key = ?');
  return {
    seen: (key, fingerprint, bootId, monotonicMs) =>
      database.write(() => {
        const nowMs = Math.floor(monotonicMs);
        const known = select.get(key);
        const isSame =
          known !== undefined &&
          known.fingerprint === fingerprint &&
          known.boot_id === bootId &&
          known.first_seen_ms <= nowMs;
        const firstMs = isSame ? known.first_seen_ms : nowMs;
        upsert.run(key, fingerprint, bootId, firstMs, nowMs);
        return firstMs;
      }),
    unchangedSince: (keyPrefix, bootId, sinceMs) =>
      database.read(() =>
        selectOld.all(keyPrefix, `${keyPrefix}\u{10ffff}`, bootId, sinceMs).map(({ fingerprint }) => fingerprint),
      ),
    forget: (key) => {
      database.write(() => remove.run(key));
    },
  };
}
