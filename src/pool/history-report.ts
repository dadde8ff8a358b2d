/* What a controller has measured over time, over HTTP. Keys are those of the JSON; times are ISO UTC. */

/** How far history is told back. */
export const historyRanges = ['1h', '24h', '7d', '30d'] as const;
export type HistoryRange = (typeof historyRanges)[number];

/** How long a range is, in seconds. */
export const rangeSeconds: Readonly<Record<HistoryRange, number>> = {
  '1h': 3_600,
  '24h': 86_400,
  '7d': 604_800,
  '30d': 2_592_000,
};

/** What a check of a node measured within `bucket_seconds`. */
export interface HistoryBucketReport {
  /** When the bucket begins. */
  readonly at: string;
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  /** Of the results that are ok; null when none is. */
  readonly latency_ms: { readonly min: number; readonly mean: number; readonly max: number } | null;
}

/** What this controller has measured by itself, by node and check. Where nobody looked there is no bucket. */
export interface HistoryReport {
  readonly range: HistoryRange;
  readonly bucket_seconds: number;
  /** When the first bucket begins that there could be. */
  readonly from: string;
  readonly nodes: Readonly<Record<string, Readonly<Record<string, readonly HistoryBucketReport[]>>>>;
}
