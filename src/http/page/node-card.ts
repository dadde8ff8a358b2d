import type { NodeReport, PoolReport } from '../../pool/report.ts';
import type { DrawnHistory } from './drawn-history.ts';
import { html, kept, type Html } from './html.ts';
import { nodeFacts } from './node-facts.ts';
import { lookOf, stateIcon } from './states.ts';
import { sinceOf } from './times.ts';

/** A node, with everything that its controller tells of it. */
export function nodeCard(node: NodeReport, history: DrawnHistory, report: PoolReport): Html {
  return kept('li', { key: node.name, attributes: cardAttributes(node, 'card'), isList: true }, [
    kept('header', { key: 'head' }, headOf(node)),
    kept('div', { key: 'beats', attributes: html` class="history"` }, historyOf(node, history)),
    kept('div', { key: 'facts' }, nodeFacts(node, report)),
  ]);
}

/** A node of a large pool in one line; its page has the rest. */
export function nodeRow(node: NodeReport, history: DrawnHistory): Html {
  const { name, since, why } = node;
  const row = html`${stateIcon(node.state)}<a href="/nodes/${name}">${name}</a
    ><span class="word">${stateWords(node)}</span>${since === null ? noSince : sinceOf(since)}<span class="why"
      >${why}</span
    >${history.bars(name)}`;
  return kept('li', { key: name, attributes: cardAttributes(node, 'row') }, row);
}

const noSince = html`<span class="since"></span>`;

/** A search looks into the words, and into the name. */
function cardAttributes({ name, state, address }: NodeReport, kind: 'card' | 'row'): Html {
  const words = `${state} ${address ?? ''}`.toLowerCase();
  return html` id="node-${name}" class="${kind} ${lookOf(state).tone}" data-words="${words}"`;
}

function stateWords({ state, paused }: NodeReport): string {
  return `${lookOf(state).word}${paused ? ', paused' : ''}`;
}

function headOf(node: NodeReport): Html {
  const since = node.since !== null && html` ${sinceOf(node.since)}`;
  return html`<h3>${stateIcon(node.state)} <a href="/nodes/${node.name}">${node.name}</a></h3>
    <p class="word">${stateWords(node)}${since}</p>
    <p class="why">${node.why}</p>`;
}

function historyOf({ name }: NodeReport, history: DrawnHistory): Html {
  const line = history.line(name);
  return html`${history.bars(name)}
    <p class="scale"><span>${history.range} ago</span><span>now</span></p>
    ${line}`;
}
