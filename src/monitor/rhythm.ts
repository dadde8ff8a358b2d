/**
 * When a check is due. Its measurements lie on a grid: monotonic times that leave the same rest, its phase, when divided by
 * its interval. The phase follows from the check's identity, so that a thousand checks of one interval do not fire at once.
 */
export interface Rhythm {
  readonly intervalMs: number;
  readonly phaseMs: number;
}

/** The first measurements after a start are spread over this time, or over the interval when it is shorter. */
export const firstWithinMs = 3000;

/** The rhythm of a check with that identity. */
export function rhythmOf(identity: string, intervalMs: number): Rhythm {
  return { intervalMs, phaseMs: Math.floor(fraction(identity) * intervalMs) };
}

/** When a check that is new at `now` is measured first. */
export function firstDue(identity: string, intervalMs: number, now: number): number {
  return now + Math.floor(fraction(identity) * Math.min(intervalMs, firstWithinMs));
}

/** The first point of the grid that is not before `from`. */
export function dueFrom({ intervalMs, phaseMs }: Rhythm, from: number): number {
  return phaseMs + Math.ceil((from - phaseMs) / intervalMs) * intervalMs;
}

/** When a check that was due at `dueAt` is due next: at least an interval later, and missed times are not made up for. */
export function nextDue(rhythm: Rhythm, dueAt: number, now: number): number {
  return dueFrom(rhythm, Math.max(dueAt + rhythm.intervalMs, now));
}

/** A number from 0 up to 1 that follows from the text: FNV-1a, mixed so that texts with a common beginning lie apart. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
