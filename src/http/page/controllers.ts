import type { PoolReport } from '../../pool/report.ts';
import { html, kept, type Html } from './html.ts';
import type { ControllerAnswer } from './page-view.ts';
import { lookOf, stateIcon } from './states.ts';
import { durationOf, msBetween } from './times.ts';

/** Where more nodes are shown, a table of all that each controller sees of each is no help any more. */
const mostColumns = 12;

/** What every controller of the pool sees, and which did not answer. */
export function controllerTable(answers: readonly ControllerAnswer[]): Html {
  const silent = answers.filter(({ ok }) => !ok);
  const summary =
    silent.length === 0
      ? `All ${answers.length} controllers answer.`
      : `${silent.length} of ${answers.length} controllers did not answer: ${silent.map(({ name }) => name).join(', ')}.`;
  const nodes = nodesOf(answers);
  const isWide = nodes.length > mostColumns;
  const columns = isWide ? html`<th scope="col">sees</th>` : nodes.map((name) => html`<th scope="col">${name}</th>`);
  return kept(
    'div',
    { key: 'controllers', attributes: html` class="controllers" id="controllers"` },
    html`<p class="${silent.length === 0 ? 'quiet' : 'notice busy'}">${summary}</p>
      <div class="scroll" tabindex="0" role="region" aria-label="What each controller sees">
        <table>
          <thead>
            <tr>
              <th scope="col">controller</th>
              ${columns}
              <th scope="col">up</th>
            </tr>
          </thead>
          <tbody>
            ${answers.map((answer) => rowOf(answer, nodes, isWide))}
          </tbody>
        </table>
      </div>`,
  );
}

/** What stands there until the others were asked. */
export function controllersPlaceholder(report: PoolReport): Html {
  return html`<div data-key="controllers" data-v="" class="controllers" id="controllers">
    <p class="quiet">
      This page is told by ${report.controller.name}. <a href="/controllers">What the other controllers see</a>
    </p>
  </div>`;
}

function nodesOf(answers: readonly ControllerAnswer[]): readonly string[] {
  return [...new Set(answers.flatMap(({ report }) => (report === null ? [] : report.nodes.map(({ name }) => name))))];
}

function rowOf({ name, report, error }: ControllerAnswer, nodes: readonly string[], isWide: boolean): Html {
  if (report === null) {
    const width = (isWide ? 1 : nodes.length) + 1;
    return html`<tr class="silent">
      <th scope="row">${name}</th>
      <td colspan="${width}">did not answer${error === null ? '' : `: ${error}`}</td>
    </tr>`;
  }
  const cells = isWide ? html`<td>${countWords(report)}</td>` : nodes.map((node) => cellOf(report, node));
  const up = durationOf(msBetween(report.controller.started_at, report.at));
  return html`<tr>
    <th scope="row">${name}</th>
    ${cells}
    <td>${up}</td>
  </tr>`;
}

function cellOf(report: PoolReport, node: string): Html {
  const seen = report.nodes.find(({ name }) => name === node);
  if (seen === undefined) return html`<td>not known</td>`;
  return html`<td title="${seen.why}">${stateIcon(seen.state)} ${lookOf(seen.state).word}</td>`;
}

function countWords({ nodes }: PoolReport): string {
  const healthy = nodes.filter(({ state }) => state === 'healthy').length;
  return `${healthy} of ${nodes.length} healthy`;
}
