import type { StoreDatabase } from './database.ts';

const minuteS = 60;
const hourS = 60 * minuteS;
const dayS = 24 * hourS;

/** How fine history is kept, in seconds, and for how long: minutes for a day, hours for 30 days, days for a year. */
export const historyLevels = [
  { seconds: minuteS, keepSeconds: dayS },
  { seconds: hourS, keepSeconds: 30 * dayS },
  { seconds: dayS, keepSeconds: 365 * dayS },
] as const;

/** The length of a bucket, in seconds. */
export type BucketSeconds = (typeof historyLevels)[number]['seconds'];

/** What a check of a node measured within one bucket of time. */
export interface HistoryBucket {
  readonly node: string;
  readonly check: string;
  /** When the bucket begins, in seconds since 1970: a multiple of its length. */
  readonly at: number;
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  /** Of the results that have one, in milliseconds; null when none has. */
  readonly latency: Latency | null;
}

/** Response times of a bucket, in milliseconds. The mean is sum by count. */
export interface Latency {
  readonly min: number;
  readonly sum: number;
  readonly max: number;
  readonly count: number;
}

export interface HistoryFilter {
  readonly seconds: BucketSeconds;
  /** Buckets that begin within these times, both included, in seconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly node?: string | undefined;
}

export interface History {
  /**
   * Adds one-minute buckets to what is known, in every level, and drops what is too old: one transaction. It does not wait for another
   * process that writes: it throws at once, and nothing is added.
   */
  add(buckets: readonly HistoryBucket[], nowSeconds: number): void;
  /** How many buckets `list` would give of all nodes, counted up to `most`. */
  count(filter: Omit<HistoryFilter, 'node'>, most: number): number;
  /** In the order of time. Where nothing was measured there is no bucket. */
  list(filter: HistoryFilter): readonly HistoryBucket[];
}

interface Counts {
  readonly at: number;
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  /** Microseconds, whole ones: they take a third of the room of fractions. */
  readonly min: number | null;
  readonly sum: number;
  readonly max: number | null;
  readonly count: number;
}

type NamedCounts = Counts & { readonly node: string; readonly check: string };

/** So many of the oldest buckets of a level are dropped at one time: that a year is over is no reason to stand still. */
const dropAtOnce = 10;
/** A name outlives its last bucket. */
const keepSeriesS = 400 * dayS;

/** The tables of history. The key begins with the time, so that a minute is written to a few neighbouring pages. */
export function createHistory(database: StoreDatabase): History {
  const nameSeries = database
    .prepare<[string, string, number], number>(
      `INSERT INTO history_series (node, check_name, seen_at) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET seen_at = max(seen_at, excluded.seen_at) RETURNING id`,
    )
    .pluck();
  const seenOn = database.prepare<[number], { readonly id: number; readonly node: string; readonly check: string }>(
    `SELECT id, node, check_name AS "check" FROM history_series WHERE seen_at > ? - ${dayS}`,
  );
  const add = database.prepare<Counts & { readonly seconds: number; readonly series: number }>(
    `INSERT INTO history VALUES (@seconds, @at, @series, @ok, @failed, @unknown, @min, @sum, @max, @count)
     ON CONFLICT DO UPDATE SET ok = ok + excluded.ok, failed = failed + excluded.failed, unknown = unknown + excluded.unknown,
       latency_min_us = coalesce(min(latency_min_us, excluded.latency_min_us), latency_min_us, excluded.latency_min_us),
       latency_sum_us = latency_sum_us + excluded.latency_sum_us,
       latency_max_us = coalesce(max(latency_max_us, excluded.latency_max_us), latency_max_us, excluded.latency_max_us),
       latency_count = latency_count + excluded.latency_count`,
  );
  const oldest = database.prepare<[number], number | null>('SELECT min(at) FROM history WHERE seconds = ?').pluck();
  const drop = database.prepare<[number, number]>('DELETE FROM history WHERE seconds = ? AND at < ?');
  const dropSeries = database.prepare<[number]>(
    'DELETE FROM history_series WHERE seen_at < ? AND NOT EXISTS (SELECT 1 FROM history WHERE series = id)',
  );
  const columns = `node, check_name AS "check", at, ok, failed, unknown, latency_min_us AS min, latency_sum_us AS sum,
    latency_max_us AS max, latency_count AS count`;
  const listAll = database.prepare<HistoryFilter, NamedCounts>(
    `SELECT ${columns} FROM history JOIN history_series ON id = series
     WHERE seconds = @seconds AND at BETWEEN @from AND @to ORDER BY at`,
  );
  const count = database
    .prepare<HistoryFilter & { readonly most: number }, number>(
      `SELECT count(*) FROM (SELECT 1 FROM history WHERE seconds = @seconds AND at BETWEEN @from AND @to LIMIT @most)`,
    )
    .pluck();
  // Each bucket is looked up by itself: of a thousand nodes one is wanted.
  const listOne = database.prepare<HistoryFilter, NamedCounts>(
    `WITH RECURSIVE times (t) AS (SELECT @from UNION ALL SELECT t + @seconds FROM times WHERE t + @seconds <= @to)
     SELECT ${columns} FROM times CROSS JOIN history_series CROSS JOIN history ON seconds = @seconds AND at = t AND series = id
     WHERE node = @node ORDER BY at`,
  );

  /** The numbers of their names. One that is new, or was not seen on this day yet, is written. */
  const numbered = (buckets: readonly HistoryBucket[]): readonly (Counts & { readonly series: number })[] => {
    const known = new Map(seenOn.all(buckets[0]?.at ?? 0).map(({ id, node, check }) => [`${node}/${check}`, id]));
    return buckets.map((bucket) => {
      const { node, check, at } = bucket;
      const series = known.get(`${node}/${check}`) ?? nameSeries.get(node, check, at) ?? 0;
      known.set(`${node}/${check}`, series);
      return { ...countsOf(bucket), series };
    });
  };

  return {
    add: (buckets, nowSeconds) => {
      database.writeAtOnce(() => {
        const rows = numbered(buckets);
        for (const { seconds, keepSeconds } of historyLevels) {
          for (const row of rows) add.run({ ...row, seconds, at: row.at - (row.at % seconds) });
          const first = oldest.get(seconds) ?? nowSeconds;
          drop.run(seconds, Math.min(nowSeconds - keepSeconds, first + dropAtOnce * seconds));
        }
        dropSeries.run(nowSeconds - keepSeriesS);
      });
    },
    count: ({ seconds, from, to }, most) => database.read(() => count.get({ seconds, from, to, most }) ?? 0),
    list: ({ seconds, from, to, node }) => {
      const first = Math.ceil(from / seconds) * seconds;
      const statement = node === undefined ? listAll : listOne;
      return database.read(() => statement.all({ seconds, from: first, to, node })).map(bucketOf);
    },
  };
}

function countsOf({ at, ok, failed, unknown, latency }: HistoryBucket): Counts {
  const none = { min: null, sum: 0, max: null, count: 0 };
  if (latency === null) return { at, ok, failed, unknown, ...none };
  const { min, sum, max, count } = latency;
  return { at, ok, failed, unknown, min: micro(min), sum: micro(sum), max: micro(max), count };
}

function bucketOf({ node, check, at, ok, failed, unknown, min, sum, max, count }: NamedCounts): HistoryBucket {
  const latency = min === null || max === null ? null : { min: min / 1000, sum: sum / 1000, max: max / 1000, count };
  return { node, check, at, ok, failed, unknown, latency };
}

function micro(ms: number): number {
  return Math.round(ms * 1000);
}
