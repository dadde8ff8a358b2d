import { html, kept, type Html } from './html.ts';

/** So many lines are shown at most, the last ones: a page has to stay small. */
const mostLines = 2_000;
/** So many lines are one part of the log: what is complete never changes again. */
const linesAPart = 100;

/** The log, folded by the play's own headings, with a link to each line. */
export function runLog(output: string): Html {
  const lines = output.replace(/\n$/, '').split('\n');
  if (output.trim() === '')
    return html`<p class="none" data-key="log" data-v="none">
      There is no output: it was not begun, or its files were removed by age.
    </p>`;
  const first = Math.max(0, lines.length - mostLines);
  const parts: Html[] = [];
  for (let start = first; start < lines.length; start += linesAPart)
    parts.push(part(lines.slice(start, start + linesAPart), start));
  const cut =
    first > 0 &&
    html`<p data-key="cut" data-v="${first}" class="none">
      ${first} earlier lines are in the run's folder: regrow logs.
    </p>`;
  return html`<details class="log" id="log" data-key="log" data-list>
    <summary data-key="summary" data-v="${lines.length}">${lines.length} lines</summary>
    ${cut}
    <div class="lines" data-key="lines" data-list tabindex="0" role="region" aria-label="Output of Ansible">
      ${parts}
    </div>
  </details>`;
}

function part(lines: readonly string[], start: number): Html {
  const items = lines.map((line, index) => {
    const number = start + index + 1;
    return html`<div id="L${number}" class="${kindOf(line)}">
      <a href="#L${number}">${number}</a><span>${line}</span>
    </div>`;
  });
  return kept('div', { key: String(start) }, items);
}

function kindOf(line: string): string {
  if (/^(TASK|PLAY|RUNNING HANDLER)\b/.test(line)) return 'head';
  return /^(fatal|failed|unreachable)\b|^ERROR/.test(line) ? 'bad' : '';
}
