import { imageDifferences } from '../../pool/image-versions.ts';
import type { PauseReport, PoolReport } from '../../pool/report.ts';
import { html, kept, type Html } from './html.ts';
import { stateIcon } from './states.ts';
import { timeOf } from './times.ts';
import { verdictOf } from './verdict.ts';

/** The top of the page: the verdict, why, and what holds or limits this controller. */
export function banner(report: PoolReport): Html {
  const { state, tone, sentence, why } = verdictOf(report);
  return kept(
    'section',
    { key: 'banner', attributes: html` class="banner ${tone}" aria-label="The pool" aria-live="polite"` },
    html`<h1>${stateIcon(state)} <span>${sentence}</span></h1>
      ${why !== '' && html`<p class="why">${why}</p>`}${[...notices(report)]}`,
  );
}

/** What this controller may do, and how fresh its knowledge is. */
export function limits(report: PoolReport): Html {
  const { mode, budget, discovery, pauses, controller } = report;
  const isPaused = pauses.some(({ scope }) => scope === 'pool');
  const items = [
    fact('mode', modeWords[mode]),
    ...budgetFacts(budget),
    fact('vCenter read', discovery.at === null ? 'not yet' : timeOf(discovery.at)),
    fact('seen by', controller.name),
  ];
  const order = isPaused
    ? html`<button type="button" data-act="resume">Resume the pool</button>`
    : html`<button type="button" data-act="pause">Pause the pool</button>`;
  return kept(
    'section',
    { key: 'limits', attributes: html` class="limits" aria-label="What this controller may do"` },
    html`<dl>${items}</dl>
      <div class="orders">${order}</div>`,
  );
}

const modeWords = {
  act: 'acts by itself',
  approve: 'asks before it acts',
  'dry-run': 'dry run: only tells what it would do',
} as const;

function budgetFacts({ in_use: inUse, max, per_hour: hour }: PoolReport['budget']): readonly Html[] {
  return [
    fact('budget', `${inUse} of ${max} rebuilds in use`),
    fact('this hour', `${hour.used} of ${hour.max} rebuilds`),
  ];
}

function fact(name: string, value: string | Html): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function notices({ pauses, storm, discovery, membership, images }: PoolReport): readonly Html[] {
  return [
    ...(storm === null ? [] : [notice('bad', html`<b>Storm brake</b> since ${timeOf(storm.since)}: ${storm.reason}`)]),
    ...pauses.map((pause) => notice('busy', pauseWords(pause))),
    ...imageDifferences(images).map((line) => notice('busy', html`${line}`)),
    ...(discovery.ok
      ? []
      : [notice('bad', html`<b>vCenter cannot be read</b>: ${discovery.error ?? 'it was not read yet'}`)]),
    ...(membership.conflict === null
      ? []
      : [notice('bad', html`<b>Two lists of nodes</b> are as new as each other: ${membership.conflict}`)]),
  ];
}

function notice(tone: 'bad' | 'busy', content: Html): Html {
  return html`<p class="notice ${tone}">${content}</p>`;
}

function pauseWords({ scope, until, reason, by }: PauseReport): Html {
  const what = scope === 'pool' ? 'The pool' : scope.replace(/^node\//, '');
  const end = until === null ? 'until it is resumed' : html`until ${timeOf(until, 'clock')}`;
  return html`<b>${what} is paused</b> ${end}, by ${by}${reason === '' ? '' : `: ${reason}`}. It is measured, and
    nothing is done to it.`;
}
