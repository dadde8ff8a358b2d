import type { ReportState } from '../../pool/report.ts';
import { html, trusted, type Html } from './html.ts';

/** How much a state asks for: of a person, of patience, of nothing; or nothing is known. */
export type Tone = 'bad' | 'busy' | 'quiet' | 'well';

interface StateLook {
  /** For people. */
  readonly word: string;
  readonly tone: Tone;
  /** Those that fail come first. */
  readonly rank: number;
  /** A drawing of 16 by 16, by which it is known without colour. */
  readonly shape: string;
}

const ring = '<circle cx="8" cy="8" r="6" class="line"/>';
const disc = '<circle cx="8" cy="8" r="7"/>';

const looks: Readonly<Record<ReportState, StateLook>> = {
  exhausted: {
    word: 'needs a person',
    tone: 'bad',
    rank: 0,
    shape: '<path d="M8 .8 15.4 15H.6z"/><path class="cut" d="M8 5.6v4.6M8 12.2v1.2"/>',
  },
  held: {
    word: 'held',
    tone: 'bad',
    rank: 1,
    shape: '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/><path class="cut" d="M6 5v6M10 5v6"/>',
  },
  faulted: {
    word: 'failed',
    tone: 'bad',
    rank: 2,
    shape: `${disc}<path class="cut" d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2"/>`,
  },
  remediating: {
    word: 'rebuilding',
    tone: 'busy',
    rank: 3,
    shape: '<path class="line" d="M13.5 8A5.5 5.5 0 1 1 11 3.4"/><path d="M9.6.6h5.2v5.2z"/>',
  },
  suspect: { word: 'suspect', tone: 'busy', rank: 4, shape: `${ring}<path d="M8 2a6 6 0 0 1 0 12z"/>` },
  unknown: {
    word: 'unknown',
    tone: 'quiet',
    rank: 5,
    shape: '<circle cx="8" cy="8" r="6" class="line dash"/>',
  },
  warming: { word: 'warming up', tone: 'quiet', rank: 6, shape: `${ring}<circle cx="8" cy="8" r="2.4"/>` },
  healthy: { word: 'healthy', tone: 'well', rank: 7, shape: `${disc}<path class="cut" d="m4.8 8.3 2.2 2.2 4.2-4.6"/>` },
};

/** How a state looks. */
export function lookOf(state: ReportState): StateLook {
  return looks[state];
}

/** The shape of a state. It says nothing to a screen reader: the word stands beside it. */
export function stateIcon(state: ReportState): Html {
  return html`<svg class="icon ${looks[state].tone}" aria-hidden="true"><use href="#${state}" /></svg>`;
}

/** The shapes that `stateIcon` refers to: once in each page, however many icons it shows. */
export const stateShapes = trusted(
  Object.entries(looks)
    .map(([state, { shape }]) => `<symbol id="${state}" viewBox="0 0 16 16">${shape}</symbol>`)
    .join(''),
);
