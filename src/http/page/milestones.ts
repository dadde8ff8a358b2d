import { html, type Html } from './html.ts';
import type { RunCourse } from '../../pool/run-report.ts';
import { isAwaited } from './order-buttons.ts';
import { durationOf, msBetween } from './times.ts';

/** A stretch of a run, up to a milestone; the last one may be going on, or have ended without one. */
interface Stretch {
  readonly name: string;
  readonly kind: 'reached' | 'open' | 'broken';
  readonly fromMs: number;
  readonly ms: number;
}

/** When the story of a run begins: the failure that it is about, or the order. */
export function beginOf({ phases, started_at: startedAt }: RunCourse): string {
  const first = phases.find(({ at }) => at !== null)?.at ?? startedAt;
  return first < startedAt ? first : startedAt;
}

/** How long it took, or takes until now, in milliseconds. */
export function lengthOf(run: RunCourse, now: string): number {
  return Math.max(0, msBetween(beginOf(run), run.ended_at ?? now));
}

/** A run as a bar of its stretches, as long as its share of the longest. */
export function milestoneBar(run: RunCourse, now: string, longestMs: number): Html {
  const width = (ms: number): string => ((1000 * ms) / Math.max(1, longestMs)).toFixed(1);
  const rects = stretchesOf(run, now).map(
    ({ name, kind, fromMs, ms }) =>
      html`<rect class="${kind} ${kind === 'reached' ? name : ''}" x="${width(fromMs)}" width="${width(ms)}" height="12"
        ><title>${name}: ${durationOf(ms)}</title></rect
      >`,
  );
  return html`<svg class="stretches" viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">
    ${rects}
  </svg>`;
}

/** The same in words: `detected · decided +0.4 s · fenced +3 s`. */
export function milestoneWords(run: RunCourse, now: string): Html {
  const isDetected = run.phases.some(({ name, at }) => name === 'detected' && at !== null);
  const items = stretchesOf(run, now)
    .filter(({ ms, kind }) => ms > 0 || kind === 'reached')
    .map(
      ({ name, kind, ms }) =>
        html`<li class="${kind} ${kind === 'reached' ? name : ''}">
          ${name} <b>${kind === 'reached' ? '+' : ''}${durationOf(ms)}</b>
        </li>`,
    );
  return html`<ul class="milestones" aria-label="phases">
    ${isDetected && html`<li class="reached detected">detected</li>`}${items}
  </ul>`;
}

function stretchesOf(run: RunCourse, now: string): readonly Stretch[] {
  const begin = beginOf(run);
  let last = begin;
  const reached = run.phases
    .flatMap(({ name, at }) => (at === null || name === 'detected' ? [] : [{ name, at }]))
    .toSorted((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ name, at }): Stretch => {
      const stretch = stretchFrom(begin, last, at, name, 'reached');
      last = at > last ? at : last;
      return stretch;
    });
  const present = isAwaited(run) ? 'waiting' : (run.step ?? 'starting');
  if (run.ended_at === null) return [...reached, stretchFrom(begin, last, now, present, 'open')];
  const isDone = run.outcome === 'rebuilt' || run.outcome === 'done';
  const rest = stretchFrom(
    begin,
    last,
    run.ended_at,
    isDone ? 'finished' : (run.step ?? 'ended'),
    isDone ? 'reached' : 'broken',
  );
  return [...reached, rest];
}

function stretchFrom(begin: string, from: string, to: string, name: string, kind: Stretch['kind']): Stretch {
  return { name, kind, fromMs: msBetween(begin, from), ms: Math.max(0, msBetween(from, to)) };
}
