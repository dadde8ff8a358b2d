import { identityOf, isSolo, pingRounds, type PingEntry, type Plan, type SoloEntry } from './plan.ts';
import { firstDue, rhythmOf, type Rhythm } from './rhythm.ts';

/** What is measured at one time: a single check, or a round of pings. */
export type Work =
  | { readonly kind: 'solo'; readonly entry: SoloEntry }
  | { readonly kind: 'round'; readonly entries: readonly PingEntry[]; readonly timeoutMs: number };

/** Work that comes again and again. */
export interface Pulse {
  readonly identity: string;
  readonly rhythm: Rhythm;
  /** When it is due next, in monotonic milliseconds. */
  dueAt: number;
  work: Work;
}

/** The pulses of a plan, by identity. What was there already keeps its rhythm: an unchanged check, a round that any member is left of. */
export function nextPulses(pulses: ReadonlyMap<string, Pulse>, plan: Plan, now: number): ReadonlyMap<string, Pulse> {
  const solos = [...plan.values()].filter(isSolo).map((entry) => {
    const known = pulses.get(identityOf(entry));
    return known?.work.kind === 'solo' && known.work.entry === entry ? known : newSolo(entry, now);
  });
  const rounds = [...pingRounds(plan)].map(([identity, entries]) => {
    const round = pulses.get(identity) ?? newRound(identity, entries, now);
    round.work = roundOf(entries);
    return round;
  });
  return new Map([...solos, ...rounds].map((pulse) => [pulse.identity, pulse]));
}

function newSolo(entry: SoloEntry, now: number): Pulse {
  const identity = identityOf(entry);
  const { interval } = entry.check;
  return {
    identity,
    rhythm: rhythmOf(identity, interval),
    dueAt: firstDue(identity, interval, now),
    work: { kind: 'solo', entry },
  };
}

/** There are few rounds, so one goes on from its first time, wherever on the grid that is. */
function newRound(identity: string, entries: readonly PingEntry[], now: number): Pulse {
  const intervalMs = entries[0]?.check.interval ?? 0;
  const dueAt = Math.ceil(firstDue(identity, intervalMs, now));
  return { identity, rhythm: { intervalMs, phaseMs: dueAt % intervalMs }, dueAt, work: roundOf(entries) };
}

function roundOf(entries: readonly PingEntry[]): Work {
  return { kind: 'round', entries, timeoutMs: entries[0]?.check.timeout ?? 0 };
}

/** The checks that the work measures. */
export function entriesOf(work: Work): readonly (SoloEntry | PingEntry)[] {
  return work.kind === 'solo' ? [work.entry] : work.entries;
}

/** How long the work may take by its checks' own account. */
export function timeoutOf(work: Work): number {
  return work.kind === 'solo' ? work.entry.check.timeout : work.timeoutMs;
}
