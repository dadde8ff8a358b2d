import { randomBytes } from 'node:crypto';

/** Crockford's base 32 in lower case: its order is ASCII's, so that ids sort by time. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const timeLength = 9;
const randomLength = 5;

/** A run's id: 9 characters of milliseconds since the epoch, 5 random ones. Sorts by time; safe in names and paths. */
export function newRunId(nowMs: number = Date.now()): string {
  let time = '';
  for (let rest = nowMs; time.length < timeLength; rest = Math.floor(rest / 32)) {
    time = alphabet.charAt(rest % 32) + time;
  }
  let tail = '';
  for (const byte of randomBytes(randomLength)) tail += alphabet.charAt(byte % 32);
  return time + tail;
}

/** Whether a text can be a run's id. Everything that becomes a path or is looked for in /proc passes through here. */
export function isRunId(text: string): boolean {
  return /^[0-9a-z]{14}$/.test(text);
}
