import type { PoolReport } from '../../pool/report.ts';
import type { PageAssets } from './assets.ts';
import { documentOf } from './document.ts';
import { gateList } from './gates.ts';
import { html, kept, type Html } from './html.ts';
import { lengthOf, milestoneBar, milestoneWords } from './milestones.ts';
import { fact } from './node-facts.ts';
import { isAwaited, runOrders } from './order-buttons.ts';
import { runLog } from './run-log.ts';
import { whyItActed, type TaskReport } from '../../pool/run-report.ts';
import type { RunPageView } from './page-view.ts';
import { durationOf, msBetween, timeOf } from './times.ts';
import { outcomeOf } from './timeline.ts';

/** The page at `/runs/ID`: one run with its phases, why it acted, its tasks and its log. */
export function runPage(report: PoolReport, run: RunPageView, lastEvent: number, assets: PageAssets): string {
  const { words, tone } = outcomeOf(run);
  const title = `${capital(run.kind)}${run.node === null ? '' : ` of ${run.node}`}`;
  const length = lengthOf(run, report.at);
  const content = html`<div data-list id="live">
    ${[
      kept(
        'section',
        { key: 'banner', attributes: html` class="banner run ${tone}" aria-label="The run" aria-live="polite"` },
        [
          html`<h1>${title} <span class="outcome ${tone}">${words}</span></h1>`,
          run.message !== null && html`<p class="why">${run.message}</p>`,
          run.remedy !== null && html`<p class="remedy"><b>What to do:</b> ${run.remedy}</p>`,
          runOrders(run),
        ],
      ),
      kept('section', { key: 'course', attributes: html` class="course" aria-label="Phases"` }, [
        milestoneBar(run, report.at, length),
        milestoneWords(run, report.at),
      ]),
      kept('section', { key: 'facts', attributes: html` aria-label="Facts"` }, factsOf(run, length)),
      run.decision !== null &&
        html`<section data-key="decision" data-v="${run.decision.at}" aria-labelledby="decision-title">
          <h2 id="decision-title">${whyItActed(run.decision)}</h2>
          ${gateList(run.decision.gates, run.decision.at, 'decision')}
        </section>`,
      html`<section data-key="tasks" data-list aria-labelledby="tasks-title">
        <h2 data-key="title" data-v="" id="tasks-title">Tasks</h2>
        ${taskList(run.tasks)}
      </section>`,
      html`<section data-key="log" data-list aria-labelledby="log-title">
        <h2 data-key="title" data-v="" id="log-title">Output of Ansible</h2>
        ${runLog(run.output)}
      </section>`,
    ]}
  </div>`;
  return documentOf(
    {
      title: `${title}: ${words} · ${report.pool}`,
      tone,
      pool: report.pool,
      lastEvent,
      events: `/v1/events`,
      at: report.at,
      controller: report.controller.name,
      version: report.controller.version,
      content,
    },
    assets,
  );
}

function factsOf(run: RunPageView, length: number): Html {
  return html`<dl class="facts wide">
    ${[
      fact('run', html`<code>${run.id}</code>`),
      run.node !== null && fact('node', html`<a href="/nodes/${run.node}">${run.node}</a>`),
      fact('asked by', html`${run.by}${run.reason !== null && `: ${run.reason}`}`),
      fact('started', timeOf(run.started_at)),
      fact(run.ended_at !== null ? 'took' : isAwaited(run) ? 'waiting for' : 'running for', durationOf(length)),
      fact('old VM', vmWords(run.old_vm)),
      fact('new VM', html`${vmWords(run.vm)}${run.address !== null && html` at <code>${run.address}</code>`}`),
      run.class !== null && fact('failure class', run.class),
      run.gate !== null && fact('gate', run.gate),
      run.step !== null && fact('last step', run.step),
    ]}
  </dl>`;
}

function vmWords(vm: NonNullable<RunPageView['vm']> | null): Html {
  if (vm === null) return html`none`;
  return html`<code>${vm.moid}</code> <code class="uuid">${vm.instance_uuid}</code>`;
}

/** The tasks by step, in order; what was skipped says nothing. */
function taskList(tasks: readonly TaskReport[]): Html {
  const shown = tasks.filter(({ outcome }) => outcome !== 'skipped');
  const items = shown.map((task, index) => taskItem(task, index, shown[index - 1]?.step));
  const none = kept('li', { key: 'none', attributes: html` class="none"` }, 'No task was begun.');
  return kept('ol', { key: 'list', attributes: html` class="tasks"`, isList: true }, items.length === 0 ? none : items);
}

function taskItem(task: TaskReport, index: number, stepBefore: string | undefined): Html {
  const { step, name, outcome, started_at: started, ended_at: ended, failed_hosts: hosts, retries, message } = task;
  const hasFailed = outcome === 'failed' || outcome === 'unreachable';
  const word = outcome ?? 'running';
  return kept(
    'li',
    {
      key: `${index}`,
      attributes: html` id="task-${index + 1}" class="${hasFailed ? 'bad' : outcome === null ? 'busy' : 'well'}"`,
    },
    html`<span class="step">${step !== stepBefore && step}</span><a class="name" href="#task-${index + 1}">${name}</a
      ><span class="outcome"
        >${word}${hosts.length > 0 && ` on ${hosts.join(', ')}`}${retries > 0 && `, ${retries} tries`}</span
      ><span class="took">${ended === null ? timeOf(started) : durationOf(msBetween(started, ended))}</span
      >${message !== null && html`<p class="message">${message}</p>`}`,
  );
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
