import type { CheckReport, LastRunReport, NodeReport } from '../../pool/report.ts';
import { gateList, votesOf } from './gates.ts';
import { heartbeatBars, milliseconds, responseLine } from './heartbeat.ts';
import { html, kept, type Html, type HtmlValue } from './html.ts';
import type { HistoryView } from './page-view.ts';
import { lookOf, stateIcon } from './states.ts';
import { durationOf, msBetween, timeOf } from './times.ts';

/** A node, with everything that its controller tells of it. */
export function nodeCard(node: NodeReport, history: HistoryView): Html {
  return kept('li', { key: node.name, attributes: cardAttributes(node, 'card'), isList: true }, [
    kept('header', { key: 'head' }, headOf(node)),
    kept('div', { key: 'beats', attributes: html` class="history"` }, historyOf(node, history)),
    kept('div', { key: 'facts' }, factsOf(node)),
  ]);
}

/** A node of a large pool in one line; its page has the rest. */
export function nodeRow(node: NodeReport, history: HistoryView): Html {
  const row = html`${stateIcon(node.state)}
    <h3><a href="/nodes/${node.name}">${node.name}</a></h3>
    <span class="word">${stateWords(node)}</span><span class="why">${node.why}</span>`;
  return kept('li', { key: node.name, attributes: cardAttributes(node, 'row'), isList: true }, [
    kept('div', { key: 'head', attributes: html` class="head"` }, row),
    kept('div', { key: 'beats' }, heartbeatBars(history, node.name)),
  ]);
}

function cardAttributes({ name, state, address }: NodeReport, kind: 'card' | 'row'): Html {
  const words = `${name} ${state} ${address ?? ''}`.toLowerCase();
  return html` id="node-${name}" class="${kind} ${lookOf(state).tone}" data-words="${words}"`;
}

function stateWords({ state, paused }: NodeReport): string {
  return `${lookOf(state).word}${paused ? ', paused' : ''}`;
}

function headOf(node: NodeReport): Html {
  const since = node.since === null ? '' : html` <span class="since">since ${timeOf(node.since)}</span>`;
  return html`<h3>${stateIcon(node.state)} <a href="/nodes/${node.name}">${node.name}</a></h3>
    <p class="word">${stateWords(node)}${since}</p>
    <p class="why">${node.why}</p>`;
}

function historyOf({ name }: NodeReport, history: HistoryView): Html {
  const line = responseLine(history, name);
  return html`${heartbeatBars(history, name)}
    <p class="scale"><span>${history.range} ago</span><span>now</span></p>
    ${line}`;
}

function factsOf(node: NodeReport): Html {
  const votes = votesOf(node.gates);
  return html`<dl class="facts">
      ${[
        fact('address', html`<code>${node.address ?? 'none'}</code>`),
        fact('VM', vmWords(node)),
        fact('vCenter', vcenterWords(node)),
        ...node.checks.map((check) => fact(check.name, checkWords(check))),
        votes.length > 0 &&
          fact(
            'votes',
            html`<ul class="votes">
              ${votes.map(({ observer, answer }) => html`<li class="${answer}">${observer} <b>${answer}</b></li>`)}
            </ul>`,
          ),
        node.fault !== null &&
          fact('fault', html`open since ${timeOf(node.fault.opened_at)}, ${attemptWords(node.fault.attempts)}`),
        node.last_run !== null && fact('last run', lastRunWords(node.last_run)),
      ]}
    </dl>
    ${node.gates.length > 0 && gateList(node.gates, node.decided_at, `gates-${node.name}`)}${ordersOf(node)}`;
}

function fact(name: string, value: HtmlValue): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function vmWords({ moid, instance_uuid: uuid, certified }: NodeReport): Html {
  if (moid === null) return html`none known`;
  const short = uuid === null ? '' : html` <code class="uuid" title="${uuid}">${uuid.slice(0, 8)}</code>`;
  return html`<code>${moid}</code>${short}${!certified && html` <b>not certified</b>`}`;
}

function vcenterWords({ power, connection, heartbeat }: NodeReport): string {
  return (
    [power === null ? null : `power ${power}`, connection, heartbeat === null ? null : `heartbeat ${heartbeat}`]
      .filter((word) => word !== null)
      .join(', ') || 'says nothing of it'
  );
}

function checkWords({ failures, of, verdict, last }: CheckReport): Html {
  const counter = html`<span class="counter ${verdict}">${failures}/${of}</span>`;
  if (last === null) return html`${counter} not measured yet`;
  const result = last.status === 'ok' ? (last.latency_ms === null ? 'ok' : milliseconds(last.latency_ms)) : last.detail;
  return html`${counter} ${result}`;
}

function attemptWords(attempts: number): string {
  return attempts === 1 ? '1 rebuild tried' : `${attempts} rebuilds tried`;
}

function lastRunWords(run: LastRunReport): Html {
  const became =
    run.outcome === null
      ? `running${run.step === null ? '' : `: ${run.step}`}`
      : (run.class ?? run.gate ?? run.outcome);
  const took = run.ended_at === null ? '' : `, took ${durationOf(msBetween(run.started_at, run.ended_at))}`;
  return html`<a href="/runs/${run.id}">${run.kind}: ${became}</a> ${timeOf(run.started_at)}${took}`;
}

/** Shown only where a script can send them. */
function ordersOf({ name, paused }: NodeReport): Html {
  const pause = paused
    ? html`<button type="button" data-act="resume" data-node="${name}">Resume</button>`
    : html`<button type="button" data-act="pause" data-node="${name}">Pause</button>`;
  return html`<div class="orders">
    ${pause}<button type="button" data-act="rebuild" data-node="${name}">Rebuild…</button>
  </div>`;
}
