import { html, trusted, type Html } from './html.ts';
import { rangeSeconds, type HistoryBucketReport, type HistoryReport } from '../../pool/history-report.ts';
import { durationOf } from './times.ts';

/** The worst of a bucket. `partly`: some measurements failed, and some did not. `none`: nobody looked, or nothing could be told. */
type Beat = 'ok' | 'partly' | 'failed' | 'none';

/** So many bars at most, however long the range is. */
const maxBars = 60;

/** The bars of a node: where they stand, and the drawing that stands there. Nodes alike have the same drawing. */
export interface HeartbeatBars {
  readonly bars: Html;
  readonly drawing: Html;
}

/** One bar a bucket, of all checks of the node: its height and its colour tell the worst that was measured. */
export function heartbeatBars(history: HistoryReport, node: string): HeartbeatBars {
  const { stepMs, count } = barsOf(history);
  const beats = worstBeats(Object.values(history.nodes[node] ?? {}).flat(), history.from, stepMs, count);
  const stretches = stretchesOf(beats);
  const id = `beats-${stretches.map(({ beat, from, to }) => `${to - from}${beat}`).join('-')}`;
  const words = beatWords(beats, stepMs, history.range);
  return {
    bars: html`<svg class="beats" role="img">
      <title>${words}</title>
      <use href="#${id}" />
    </svg>`,
    drawing: html`<symbol id="${id}" viewBox="0 0 ${count} 20" preserveAspectRatio="none">
      ${trusted(worsening.map((beat) => lineOf(stretches, beat)).join(''))}
    </symbol>`,
  };
}

/** The response times of the first check that has any, as a line from nought to the greatest. */
export function responseLine(history: HistoryReport, node: string): Html | undefined {
  const { stepMs, count } = barsOf(history);
  const measured = Object.entries(history.nodes[node] ?? {}).find(([, buckets]) =>
    buckets.some(({ latency_ms: latency }) => latency !== null),
  );
  if (measured === undefined) return undefined;
  const [check, buckets] = measured;
  const fromMs = Date.parse(history.from);
  const points: number[][] = Array.from({ length: count }, () => []);
  for (const { at, latency_ms: latency } of buckets)
    if (latency !== null) points[indexOf(at, fromMs, stepMs)]?.push(latency.mean);
  const means = points.map((bucket) =>
    bucket.length === 0 ? null : bucket.reduce((sum, each) => sum + each, 0) / bucket.length,
  );
  const known = means.filter((mean) => mean !== null);
  const most = Math.max(...known);
  const last = milliseconds(known.at(-1) ?? 0);
  const words = `response time of ${check}: ${milliseconds(Math.min(...known))} to ${milliseconds(most)}, last ${last}`;
  return html`<div class="response">
    <svg class="spark" viewBox="0 0 ${count} 20" preserveAspectRatio="none" role="img" aria-label="${words}">
      <title>${words}</title>
      <path d="${lineThrough(means, most)}" /></svg
    ><span>${check} ${last}</span>
  </div>`;
}

/** `0.4 ms`, `12 ms`, `1.2 s`. */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function barsOf({ range, bucket_seconds: seconds }: HistoryReport): {
  readonly stepMs: number;
  readonly count: number;
} {
  const buckets = Math.max(1, Math.ceil(rangeSeconds[range] / seconds));
  const perBar = Math.ceil(buckets / maxBars);
  return { stepMs: perBar * seconds * 1000, count: Math.ceil(buckets / perBar) };
}

function indexOf(at: string, fromMs: number, stepMs: number): number {
  return Math.floor((Date.parse(at) - fromMs) / stepMs);
}

function worstBeats(
  buckets: readonly HistoryBucketReport[],
  from: string,
  stepMs: number,
  count: number,
): readonly Beat[] {
  const beats = Array.from({ length: count }, (): Beat => 'none');
  const fromMs = Date.parse(from);
  for (const bucket of buckets) {
    const index = indexOf(bucket.at, fromMs, stepMs);
    const known = beats[index];
    if (known !== undefined && rankOf(beatOf(bucket)) > rankOf(known)) beats[index] = beatOf(bucket);
  }
  return beats;
}

function beatOf({ ok, failed }: HistoryBucketReport): Beat {
  if (failed > 0) return ok > 0 ? 'partly' : 'failed';
  return ok > 0 ? 'ok' : 'none';
}

const worsening: readonly Beat[] = ['none', 'ok', 'partly', 'failed'];

function rankOf(beat: Beat): number {
  return worsening.indexOf(beat);
}

/** Neighbours of one kind. */
interface Stretch {
  readonly beat: Beat;
  readonly from: number;
  readonly to: number;
}

function stretchesOf(beats: readonly Beat[]): readonly Stretch[] {
  const begins = beats.flatMap((beat, index) => (beat === beats[index - 1] ? [] : [{ beat, from: index }]));
  return begins.map((begin, index) => ({ ...begin, to: begins[index + 1]?.from ?? beats.length }));
}

/** Each stretch is a line; the stylesheet's dashes make bars of it. */
function lineOf(stretches: readonly Stretch[], wanted: Beat): string {
  const lines = stretches
    .filter(({ beat }) => beat === wanted)
    .map(({ from, to }) => `M${from} ${baselines[wanted]}H${to}`);
  return lines.length === 0 ? '' : `<path class="beat ${wanted}" d="${lines.join('')}"/>`;
}

/** Where the middle of a line lies so that all bars stand on one ground: 20 less half the width that the stylesheet gives it. */
const baselines: Readonly<Record<Beat, number>> = { none: 18, ok: 13, partly: 12, failed: 10 };

function beatWords(beats: readonly Beat[], stepMs: number, range: string): string {
  const count = (wanted: Beat): number => beats.filter((beat) => beat === wanted).length;
  const bars = `${beats.length} bars of ${durationOf(stepMs).replace(/ 0 \w+$/, '')}`;
  const parts = [
    [count('failed'), 'failed'],
    [count('partly'), 'failed at times'],
    [count('none'), 'nobody looked'],
  ] as const;
  const told = parts.filter(([number]) => number > 0).map(([number, what]) => `${what} in ${number}`);
  return `last ${range}, ${bars}: ${told.length === 0 ? 'all well' : told.join(', ')}`;
}

function lineThrough(means: readonly (number | null)[], most: number): string {
  let line = '';
  let isDrawing = false;
  means.forEach((mean, index) => {
    if (mean !== null) {
      const y = (18 - (16 * mean) / Math.max(most, 0.001)).toFixed(1);
      line += `${isDrawing ? 'L' : 'M'}${index + 0.5} ${y}${isDrawing ? '' : 'h.01'}`;
    }
    isDrawing = mean !== null;
  });
  return line;
}
