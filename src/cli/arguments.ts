import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration given on the command line, in milliseconds: `60s`, `2m`, `1h`. Never without a unit: to Monit a bare number is seconds. */
export function durationArgument(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (unitMs === undefined) throw new InvalidArgumentError('Expected a duration with its unit, such as 60s, 2m or 1h.');
  const ms = Number(count) * unitMs;
  if (ms === 0) throw new InvalidArgumentError('Expected a duration of more than 0, such as 60s, 2m or 1h.');
  return ms;
}

/** An IP address given on the command line. */
export function addressArgument(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('Expected an IP address.');
  return text;
}

/** So much as a controller takes over HTTP. */
const longestReason = 1000;

/** Why something is ordered: one line, for the record. */
export function reasonArgument(text: string): string {
  if (text.length > longestReason) throw new InvalidArgumentError(`Expected at most ${longestReason} characters.`);
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim();
}

/** For an option that may be given several times. */
export function listArgument(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
