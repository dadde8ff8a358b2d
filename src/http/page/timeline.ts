import { html, kept, type Html } from './html.ts';
import { lengthOf, beginOf, milestoneBar, milestoneWords } from './milestones.ts';
import type { RunCourse } from '../../pool/run-report.ts';
import { isAwaited } from './order-buttons.ts';
import type { FaultView } from './page-view.ts';
import { durationOf, msBetween, timeOf } from './times.ts';

const shown = 20;

interface Entry {
  readonly begin: string;
  readonly html: Html;
}

/** Faults and runs, newest first, each run as a bar of its phases on one scale. */
export function timeline(runs: readonly RunCourse[], faults: readonly FaultView[], now: string): Html {
  const longest = Math.max(1, ...runs.map((run) => lengthOf(run, now)));
  const entries: readonly Entry[] = [
    ...runs.map((run) => ({ begin: beginOf(run), html: runEntry(run, now, longest) })),
    ...faults
      .filter((fault) => !runs.some((run) => isAbout(run, fault)))
      .map((fault) => ({ begin: fault.opened_at, html: faultEntry(fault) })),
  ];
  const newest = entries.toSorted((a, b) => (a.begin < b.begin ? 1 : -1)).slice(0, shown);
  const none = kept(
    'li',
    { key: 'none', attributes: html` class="none"` },
    'Nothing has failed, and nothing was rebuilt, as far as this controller remembers.',
  );
  return kept(
    'ol',
    { key: 'timeline', attributes: html` class="timeline"`, isList: true },
    newest.length === 0 ? none : newest.map((entry) => entry.html),
  );
}

/** What became of a run, in a word or two, and how it is to be taken. */
export function outcomeOf(run: RunCourse): {
  readonly words: string;
  readonly tone: 'bad' | 'busy' | 'quiet' | 'well';
} {
  const { outcome } = run;
  if (outcome === null) return { words: goingOn(run), tone: 'busy' };
  const detail = run.class ?? run.gate;
  const words = `${outcome.replaceAll('_', ' ')}${detail === null ? '' : `: ${detail}`}`;
  if (outcome === 'rebuilt' || outcome === 'done') return { words, tone: 'well' };
  return { words, tone: outcome === 'failed' || outcome === 'interrupted' ? 'bad' : 'quiet' };
}

function goingOn(run: RunCourse): string {
  if (isAwaited(run)) return 'waits for approval';
  return run.state === 'intent' ? 'about to start' : 'running';
}

function isAbout(run: RunCourse, fault: FaultView): boolean {
  const ended = run.ended_at ?? '9';
  return run.node === fault.node && beginOf(run) <= (fault.closed_at ?? '9') && fault.opened_at <= ended;
}

function runEntry(run: RunCourse, now: string, longest: number): Html {
  const { words, tone } = outcomeOf(run);
  return kept(
    'li',
    { key: run.id, attributes: html` class="${tone}"` },
    html`<p class="what">
        <a href="/runs/${run.id}">${run.kind}${run.node !== null && html` of <b>${run.node}</b>`}</a>
        <span class="outcome ${tone}">${words}</span>
      </p>
      <p class="when">${timeOf(beginOf(run))} · ${lengthWords(run, now)} · by ${run.by}</p>
      ${milestoneBar(run, now, longest)}${milestoneWords(run, now)}`,
  );
}

function lengthWords(run: RunCourse, now: string): string {
  const length = durationOf(lengthOf(run, now));
  return run.ended_at === null ? `${length} so far` : `took ${length}`;
}

function faultEntry({ node, opened_at: opened, closed_at: closed, reason }: FaultView): Html {
  const tone = closed === null ? 'bad' : 'quiet';
  const words = closed === null ? 'open' : (reason ?? 'closed');
  const took = closed === null ? '' : ` · lasted ${durationOf(msBetween(opened, closed))}`;
  return kept(
    'li',
    { key: `${node} ${opened}`, attributes: html` class="${tone}"` },
    html`<p class="what">fault of <b>${node}</b> <span class="outcome ${tone}">${words}</span></p>
      <p class="when">${timeOf(opened)}${took} · no run of this controller</p>`,
  );
}
