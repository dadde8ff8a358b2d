import { z } from 'zod';
import { historyRanges, type HistoryBucketReport, type HistoryReport } from '../../pool/history-report.ts';

const bucketShape: z.ZodType<HistoryBucketReport> = z.object({
  at: z.iso.datetime().describe('When the bucket begins.'),
  ok: z.int(),
  failed: z.int(),
  unknown: z.int().describe('Trouble of this controller: it counts for nothing.'),
  latency_ms: z
    .object({ min: z.number(), mean: z.number(), max: z.number() })
    .nullable()
    .describe('Of the results that are ok.'),
});

/** What was measured over time. */
export const historyShape: z.ZodType<HistoryReport> = z.object({
  range: z.enum(historyRanges),
  bucket_seconds: z.int().describe('The finest that is kept for so long, and that keeps the answer short.'),
  from: z.iso.datetime().describe('When the first bucket begins that there could be.'),
  nodes: z
    .record(z.string(), z.record(z.string(), z.array(bucketShape)))
    .describe('By node and check. Where nobody looked there is no bucket.'),
});
