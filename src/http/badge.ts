import type { NodeReport } from '../pool/report.ts';
import { html } from './page/html.ts';
import { lookOf, type Tone } from './page/states.ts';

/** White text on each of them can be read. */
const colours: Readonly<Record<Tone, string>> = { well: '#27744a', busy: '#8a5a00', bad: '#b3261e', quiet: '#59626d' };
const pixelsALetter = 6.6;

/** A small picture of a node's state, for pages elsewhere. */
export function badge({ name, state }: Pick<NodeReport, 'name' | 'state'>): string {
  const { word, tone } = lookOf(state);
  const left = Math.round(name.length * pixelsALetter + 14);
  const right = Math.round(word.length * pixelsALetter + 14);
  const width = left + right;
  const picture = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    width="${width}"
    height="20"
    role="img"
    aria-label="${name}: ${word}"
  >
    <title>${name}: ${word}</title>
    <clipPath id="r"><rect width="${width}" height="20" rx="3" /></clipPath>
    <g clip-path="url(#r)">
      <path fill="#3b424a" d="M0 0h${left}v20H0z" />
      <path fill="${colours[tone]}" d="M${left} 0h${right}v20h-${right}z" />
    </g>
    <g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
      <text x="${left / 2}" y="14" textLength="${left - 12}">${name}</text>
      <text x="${left + right / 2}" y="14" textLength="${right - 12}">${word}</text>
    </g>
  </svg>`;
  return `${picture.text}\n`;
}
