import { describe, expect, it } from 'vitest';
import type { Vote } from '../../../src/pool/consultation.ts';
import { quorumOf } from '../../../src/pool/quorum.ts';
import { vote } from './act-case.ts';

interface Asked {
  readonly isHypervisorsWord?: boolean;
  readonly quorum?: 'majority' | number;
}

function ask(
  electorate: number,
  votes: readonly Vote[],
  { isHypervisorsWord = false, quorum = 'majority' }: Asked = {},
) {
  return quorumOf({ subject: 'uuid-9', electorate, votes, isHypervisorsWord, quorum, voteFreshMs: 1_000 });
}

const agreeing = (count: number): readonly Vote[] =>
  ['b', 'c', 'd', 'e', 'f'].slice(0, count).map((name) => vote(name));

describe('a majority', () => {
  it.each([
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [6, 4],
    [10, 6],
  ])('of %i nodes is %i voices', (electorate, needed) => {
    expect(ask(electorate, agreeing(needed - 1))).toMatchObject({ isReached: needed - 1 <= 5, needed });
    if (needed >= 2) expect(ask(electorate, agreeing(needed - 2)).isReached).toBe(false);
  });

  it('is never reached by this controller alone, nor by vCenter without it', () => {
    expect(ask(1, []).isReached).toBe(false);
    expect(ask(2, [], { isHypervisorsWord: true })).toMatchObject({ isReached: true, agreeing: ['self', 'vcenter'] });
  });

  it('can be another count', () => expect(ask(5, [vote('b')], { quorum: 2 }).isReached).toBe(true));
});

describe('a voice', () => {
  it.each<readonly [string, Partial<Vote>]>([
    ['silent', { answer: 'silent', ageMs: null }],
    ['unknown', { answer: 'unknown' }],
    ['about another VM', { subject: 'uuid-of-old' }],
    ['about no VM', { subject: null }],
    ['of old', { ageMs: 1_001 }],
    ['without a measurement', { ageMs: null }],
    ['of one that does not trust itself', { isTrusted: false }],
  ])('%s counts neither way', (_, more) => {
    const result = ask(3, [vote('b', more)]);
    expect(result).toMatchObject({ isReached: false, vetoes: [], without: ['b'] });
    expect(ask(3, [vote('b', more), vote('d')]).isReached).toBe(true);
  });

  it.each<readonly [string, Partial<Vote>]>([
    ['of this VM', {}],
    ['of another VM', { subject: 'uuid-of-old' }],
    ['and does not trust itself', { isTrusted: false }],
  ])('that sees it alive is a veto: %s', (_, more) => {
    const result = ask(5, [...agreeing(3), vote('z', { answer: 'healthy', ...more })], { isHypervisorsWord: true });
    expect(result).toMatchObject({ isReached: false, vetoes: ['z'] });
  });

  it('that saw it alive long ago is none', () => {
    expect(ask(3, [vote('b'), vote('z', { answer: 'healthy', ageMs: 1_001 })]).isReached).toBe(true);
  });
});
