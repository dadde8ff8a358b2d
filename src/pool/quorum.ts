import type { Vote } from './consultation.ts';

/** What a quorum is asked about. */
export interface QuorumQuestion {
  /** The judged VM's instance uuid; null when no VM of the node was ever known. */
  readonly subject: string | null;
  /** How many voices there are in all, whether or not they can be heard: of these a majority is needed. */
  readonly electorate: number;
  readonly votes: readonly Vote[];
  /** vCenter says that the VM is off or gone: evidence that no network can falsify. It counts as one voice. */
  readonly isHypervisorsWord: boolean;
  /** `majority` of the electorate, at least two voices; or a count of one's own choice. */
  readonly quorum: 'majority' | number;
  /** An answer that rests on older results counts for nothing. */
  readonly voteFreshMs: number;
}

/** What the voices come to. */
export interface QuorumResult {
  readonly isReached: boolean;
  readonly needed: number;
  /** Who agrees that it has failed: this controller (`self`), observers, `vcenter`. */
  readonly agreeing: readonly string[];
  /** Observers that see it alive: each of them is a veto. */
  readonly vetoes: readonly string[];
  /** Observers that said nothing usable. */
  readonly without: readonly string[];
}

/**
 * Whether enough voices agree that one VM has failed. An observer that tried and failed counts; silence does not, neither for nor
 * against; one that sees the node alive is a veto, whichever VM it sees and whether or not it trusts itself. The electorate is the
 * whole pool, the judged node included: two halves of a divided pool cannot both have a majority. For n = 3 both others, or one and
 * vCenter's word; for n = 2 the one and vCenter's word.
 */
export function quorumOf(question: QuorumQuestion): QuorumResult {
  const { subject, electorate, votes, quorum } = question;
  const fresh = votes.filter((vote) => isFresh(vote, question));
  const vetoes = fresh.filter(({ answer }) => answer === 'healthy').map(({ observer }) => observer);
  const agreed = fresh.filter((vote) => vote.answer === 'unhealthy' && vote.isTrusted && vote.subject === subject);
  const agreeing = [
    'self',
    ...agreed.map(({ observer }) => observer),
    ...(question.isHypervisorsWord ? ['vcenter'] : []),
  ];
  const needed = quorum === 'majority' ? Math.max(2, Math.floor(electorate / 2) + 1) : quorum;
  const counted = new Set([...vetoes, ...agreeing]);
  const without = votes.map(({ observer }) => observer).filter((observer) => !counted.has(observer));
  return { isReached: vetoes.length === 0 && agreeing.length >= needed, needed, agreeing, vetoes, without };
}

function isFresh({ ageMs }: Vote, { voteFreshMs }: QuorumQuestion): boolean {
  return ageMs !== null && ageMs <= voteFreshMs;
}
