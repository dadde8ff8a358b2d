import type { CheckReport, LastRunReport, NodeReport, PoolReport } from '../../pool/report.ts';
import { gateList, votesOf } from './gates.ts';
import { milliseconds } from './heartbeat.ts';
import { html, type Html, type HtmlValue } from './html.ts';
import { isAwaited, nodeOrders } from './order-buttons.ts';
import { durationOf, msBetween, timeOf } from './times.ts';

/** What is known of a node, what its gates say, and what may be ordered. */
export function nodeFacts(node: NodeReport, report: PoolReport): Html {
  const isOwn = report.controller.node === node.name;
  const checks = isOwn ? [...node.checks, ...report.host_checks] : node.checks;
  const votes = votesOf(node.gates);
  const { fault, last_run: run } = node;
  return html`<dl class="facts">
      ${[
        fact('address', html`<code>${node.address ?? 'none'}</code>`),
        fact('VM', vmWords(node)),
        fact('vCenter', vcenterWords(node)),
        ...checks.map((check) => fact(check.name, checkWords(check))),
        votes.length > 0 && fact('votes', voteList(votes)),
        fault !== null && fact('fault', html`opened ${timeOf(fault.opened_at)}, ${attemptWords(fault.attempts)}`),
        run !== null && fact('last run', lastRunWords(run)),
      ]}
    </dl>
    ${node.gates.length > 0 && gateList(node.gates, node.decided_at, `gates-${node.name}`)}${nodeOrders(node, isOwn)}`;
}

/** A name and what it is, in a list of facts. */
export function fact(name: string, value: HtmlValue): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function vmWords({ moid, instance_uuid: uuid, certified }: NodeReport): Html {
  if (moid === null) return html`none known`;
  const short = uuid !== null && html` <code class="uuid" title="${uuid}">${uuid.slice(0, 8)}</code>`;
  return html`<code>${moid}</code>${short}${!certified && html` <b>not certified</b>`}`;
}

function vcenterWords({ power, connection, heartbeat }: NodeReport): string {
  const words = [power, connection, heartbeat === null ? null : `heartbeat ${heartbeat}`];
  return words.filter((word) => word !== null).join(', ') || 'says nothing of it';
}

function checkWords({ failures, of, verdict, last }: CheckReport): Html {
  const counter = html`<span class="counter ${verdict}">${failures}/${of}</span>`;
  if (last === null) return html`${counter} not measured yet`;
  const isQuick = last.status === 'ok' && last.latency_ms !== null;
  return html`${counter} ${isQuick ? milliseconds(last.latency_ms ?? 0) : last.detail}`;
}

function voteList(votes: ReturnType<typeof votesOf>): Html {
  const items = votes.map(({ observer, answer }) => html`<li class="${answer}">${observer} <b>${answer}</b></li>`);
  return html`<ul class="votes">
    ${items}
  </ul>`;
}

function attemptWords(attempts: number): string {
  return attempts === 1 ? '1 rebuild tried' : `${attempts} rebuilds tried`;
}

function lastRunWords(run: LastRunReport): Html {
  const detail = run.class ?? run.gate;
  const ended = `${(run.outcome ?? '').replaceAll('_', ' ')}${detail === null ? '' : `: ${detail}`}`;
  const running = isAwaited(run) ? 'waits for approval' : run.step === null ? 'starting' : `now at ${run.step}`;
  const took = run.ended_at !== null && `, took ${durationOf(msBetween(run.started_at, run.ended_at))}`;
  return html`<a href="/runs/${run.id}">${run.kind}</a> ${run.outcome === null ? running : ended}, begun
    ${timeOf(run.started_at)}${took}`;
}
