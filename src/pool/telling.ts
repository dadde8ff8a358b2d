import type { NoticeReport, PeerNotices } from './notice.ts';

/*
 * One of several controllers tells. All see the same thing, each at its own time, and none can be relied on to live. So each keeps its
 * notice, and just before it tells says that it is busy with it (to whoever asks) and asks the others:
 *
 *   a peer has told            it is left to that one
 *   a peer is busy with it     this one waits: in its place, when it comes before all of these by name; else it steps back first
 *   else, or silence           it tells
 *
 * Two that are busy at once have each asked after they said so, so at least one of them knows of the other; the later one steps back, the
 * earlier one asks again until it has. Nobody waits for a peer that is silent.
 */

/** What is to be done about a notice that is due. */
export type Telling =
  | { readonly kind: 'tell' }
  | { readonly kind: 'leave'; readonly to: string }
  | { readonly kind: 'stay'; readonly after: string }
  | { readonly kind: 'step-back'; readonly after: string };

/** Two controllers that see a thing this far apart still see the same thing, in milliseconds. */
export const sameWithinMs = 10 * 60_000;

/** What an own notice comes to. `own`: all notices of this controller, this one among them. */
export function tellingOf(
  notice: NoticeReport,
  own: readonly NoticeReport[],
  peers: readonly PeerNotices[],
  self: string,
): Telling {
  const theirs = peers.flatMap(({ peer, notices }) => {
    const match = counterpart(notice, own, notices);
    return match === undefined ? [] : [{ peer, state: match.state }];
  });
  const teller = theirs.find(({ state }) => state === 'told');
  if (teller !== undefined) return { kind: 'leave', to: teller.peer };
  const busy = theirs.filter(({ state }) => state === 'busy').map(({ peer }) => peer);
  const [after] = busy;
  if (after === undefined) return { kind: 'tell' };
  return busy.every((peer) => self < peer) ? { kind: 'stay', after } : { kind: 'step-back', after };
}

/** The peer's notice of the same thing: of its notices of that key the nearest in time, unless that one is nearer to another of ours. */
function counterpart(
  notice: NoticeReport,
  own: readonly NoticeReport[],
  theirs: readonly NoticeReport[],
): NoticeReport | undefined {
  const nearest = nearestTo(notice, theirs);
  if (nearest === undefined || apart(notice, nearest) > sameWithinMs) return undefined;
  const mutual = nearestTo(nearest, own);
  return mutual === undefined || apart(mutual, nearest) >= apart(notice, nearest) ? nearest : undefined;
}

function nearestTo(notice: NoticeReport, others: readonly NoticeReport[]): NoticeReport | undefined {
  let nearest: NoticeReport | undefined;
  for (const other of others) {
    if (other.key !== notice.key || other.channel !== notice.channel) continue;
    if (nearest === undefined || apart(notice, other) < apart(notice, nearest)) nearest = other;
  }
  return nearest;
}

function apart(a: NoticeReport, b: NoticeReport): number {
  return Math.abs(a.age_ms - b.age_ms);
}
