import type { NoticeReport, QueuedNotice } from '../pool/notice.ts';

/** How this controller stands to its notices, for its peers. What is over without having been told is left out. */
export function reportOf(
  queued: readonly QueuedNotice[],
  now: Date,
  busy: ReadonlySet<number>,
): readonly NoticeReport[] {
  return queued.flatMap(({ seq, channel, key, notice, state }) => {
    if (state === 'lost' || state === 'passed') return [];
    const waiting = busy.has(seq) ? 'busy' : 'waiting';
    const age_ms = Math.max(0, now.getTime() - Date.parse(notice.at));
    return [{ channel, key, state: state === 'waiting' ? waiting : 'told', age_ms } as const];
  });
}
