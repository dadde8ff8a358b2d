import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration given on the command line, in milliseconds: `60s`, `2m`, `1h`; a bare number is milliseconds. */
export function durationArgument(text: string): number {
  const [, count, unit = 'ms'] = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (count === undefined || unitMs === undefined)
    throw new InvalidArgumentError('Expected a duration such as 60s, 2m or 1h.');
  return Number(count) * unitMs;
}

/** An IP address given on the command line. */
export function addressArgument(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('Expected an IP address.');
  return text;
}

/** For an option that may be given several times. */
export function listArgument(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
