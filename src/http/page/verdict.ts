import type { NodeReport, PoolReport, ReportState } from '../../pool/report.ts';
import { lookOf, type Tone } from './states.ts';

/** The pool in one sentence, and why. */
export interface Verdict {
  readonly state: ReportState;
  readonly tone: Tone;
  readonly sentence: string;
  readonly why: string;
}

/** Nodes in the order of how much they ask for; those alike by name as the pool has them. */
export function failingFirst(nodes: readonly NodeReport[]): readonly NodeReport[] {
  return nodes.toSorted((a, b) => lookOf(a.state).rank - lookOf(b.state).rank);
}

/** What is to be said first to somebody who was woken. */
export function verdictOf({ pool, nodes }: Pick<PoolReport, 'pool' | 'nodes'>): Verdict {
  const unwell = failingFirst(nodes).filter(({ state }) => state !== 'healthy');
  const [worst, ...others] = unwell;
  if (nodes.length === 0) return { state: 'unknown', tone: 'quiet', sentence: `Pool ${pool} has no nodes`, why: '' };
  if (worst === undefined) return { state: 'healthy', tone: 'well', sentence: wellSentence(nodes.length), why: '' };
  const { tone } = lookOf(worst.state);
  const sentence =
    others.length === 0
      ? `${worst.name} ${predicates[worst.state].one}`
      : `${unwell.length} of ${nodes.length} nodes are not healthy`;
  const why = others.length === 0 ? worst.why : `${countsOf(unwell)}. ${worst.name}: ${worst.why}`;
  return { state: worst.state, tone, sentence, why };
}

function wellSentence(count: number): string {
  return count === 1 ? 'The one node is healthy' : `All ${count} nodes are healthy`;
}

/** `1 failed, 2 rebuilding`. */
function countsOf(nodes: readonly NodeReport[]): string {
  const counts = new Map<ReportState, number>();
  for (const { state } of nodes) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${predicates[state].many}`).join(', ');
}

const predicates: Readonly<Record<ReportState, { readonly one: string; readonly many: string }>> = {
  exhausted: { one: 'needs a person', many: 'in need of a person' },
  held: { one: 'has failed, and its rebuild is held', many: 'held' },
  faulted: { one: 'has failed', many: 'failed' },
  remediating: { one: 'is being rebuilt', many: 'being rebuilt' },
  suspect: { one: 'may be failing', many: 'suspect' },
  unknown: { one: 'cannot be judged', many: 'not known' },
  warming: { one: 'is warming up', many: 'warming up' },
  healthy: { one: 'is healthy', many: 'healthy' },
};
