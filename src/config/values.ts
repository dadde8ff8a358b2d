import { isIP } from 'node:net';
import { z } from 'zod';
import { SecretLiteral, type SecretRef } from './secret.ts';

/*
 * The kinds of single values that the configuration knows. Each says in its error what was expected. Values that read
 * differently in the file and in the program (20s, 20000) are codecs, so that `config show` can write them back.
 */

/** Text of one kind: its shape, and how the shape is told to people. */
export function textOf(pattern: RegExp, expected: string) {
  return z.string({ error: expected }).regex(pattern, { error: expected });
}

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const durationPattern = /^(0|[1-9][0-9]{0,8})(ms|s|m|h|d)$/;

/** A length of time: `20s` in the file, milliseconds in the program. */
export const duration = z
  .codec(textOf(durationPattern, 'expected a duration such as 20s, 5m, 1h or 2d'), z.number(), {
    decode: (text) => {
      const [, count = '0', unit = 'ms'] = durationPattern.exec(text) ?? [];
      return Number(count) * unitMsOf(unit);
    },
    encode: (ms) => {
      const unit = (['d', 'h', 'm', 's'] as const).find((each) => ms !== 0 && ms % unitsMs[each] === 0) ?? 'ms';
      return ms === 0 ? '0s' : `${ms / unitsMs[unit]}${unit}`;
    },
  })
  .meta({ 'x-kind': 'duration' });

function unitMsOf(unit: string): number {
  return unit === 'ms' || unit === 's' || unit === 'm' || unit === 'h' || unit === 'd' ? unitsMs[unit] : Number.NaN;
}

/** A duration that must not be nothing: intervals and timeouts. */
export const positiveDuration = z
  .codec(
    textOf(/^[1-9][0-9]{0,8}(ms|s|m|h|d)$/, 'expected a duration longer than nothing, such as 20s, 5m, 1h or 2d'),
    z.number(),
    { decode: (text) => z.decode(duration, text), encode: (ms) => z.encode(duration, ms) },
  )
  .meta({ 'x-kind': 'duration' });

const binaryUnits = ['KiB', 'MiB', 'GiB', 'TiB'];
const sizePattern = /^([1-9][0-9]{0,8})(KiB|MiB|GiB|TiB)$/;

/** An amount of memory or disk: `2GiB` in the file, bytes in the program. */
export const size = z
  .codec(textOf(sizePattern, 'expected a size such as 512MiB or 2GiB'), z.number(), {
    decode: (text) => {
      const [, count = '0', unit = 'KiB'] = sizePattern.exec(text) ?? [];
      return Number(count) * 1024 ** (binaryUnits.indexOf(unit) + 1);
    },
    encode: (bytes) => {
      const power = [4, 3, 2].find((each) => bytes % 1024 ** each === 0) ?? 1;
      return `${bytes / 1024 ** power}${binaryUnits[power - 1]}`;
    },
  })
  .meta({ 'x-kind': 'size' });

/** A share: `90%` in the file, 90 in the program. */
export const percentage = z
  .codec(textOf(/^([1-9][0-9]?|100)%$/, 'expected a percentage from 1% to 100%, such as 90%'), z.number(), {
    decode: (text) => Number.parseInt(text, 10),
    encode: (share) => `${share}%`,
  })
  .meta({ 'x-kind': 'percentage' });

/** A whole number within bounds. */
export function wholeNumber(min: number, max: number) {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A TCP port. */
export const port = wholeNumber(1, 65_535);

/** Truth values are `true` and `false` alone. */
export const truth = z.boolean({ error: 'expected true or false' });

const printableText = 'expected text on one line without control characters';

/** One line of text for people or for a foreign system; not empty. */
export const line = textOf(/^[^\p{Cc}\p{Cs}\u2028\u2029]{1,1024}$/u, printableText);

/** As `line`, and nothing that Ansible could take for a template: for keys, which cannot be marked as plain data. */
export const plainLine = textOf(
  /^(?!.*\{[{%#])[^\p{Cc}\p{Cs}\u2028\u2029]{1,1024}$/u,
  `${printableText}, without "{{", "{%" and "{#"`,
);

/** Any text that can be handed on: no null byte and no half of a surrogate pair. */
export const plainText = textOf(/^[^\0\p{Cs}]*$/u, 'expected text without null bytes and broken characters');

/**
 * A node's name is used as host name, VM name, inventory name, part of folder names in vCenter and of file names: only
 * a DNS label is safe in all of them. Lower case, since ssh and vCenter do not tell cases apart.
 */
export const nodeName = textOf(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  'expected a DNS label: 1 to 63 lower-case letters, digits and inner hyphens',
).meta({ 'x-kind': 'node name' });

/** Names that mean something else to Ansible or to regrow; no node has one of them. */
export const reservedNames: readonly string[] = ['all', 'ungrouped', 'localhost', 'pool', 'auto', 'none', 'self'];

/** Names of checks and of the pool: like a DNS label. */
export const label = textOf(
  /^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/,
  'expected a name of 1 to 63 lower-case letters, digits, inner hyphens and underscores',
);

/** A host name or an IP address. */
export const host = z
  .string({ error: 'expected a host name or an IP address' })
  .refine((text) => isIP(text) !== 0 || isHostName(text), { error: 'expected a host name or an IP address' });

function isHostName(text: string): boolean {
  return (
    text.length <= 253 &&
    /^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?$/.test(text)
  );
}

const absolutePathExpected =
  'expected an absolute path without "." or ".." parts and without a slash at its end, of letters, digits and . _ @ : + , = -';

/** A path of this machine: absolute, without `.` or `..` parts, of characters that no shell, template or ssh option reads as its own. */
export const absolutePath = textOf(/^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._@:+,=-]+)+$/, absolutePathExpected).meta({
  'x-kind': 'path',
});

/** As `absolutePath`, and `/` itself. */
export const mountPoint = textOf(/^(\/|(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._@:+,=-]+)+)$/, absolutePathExpected).meta({
  'x-kind': 'path',
});

/** A playbook: the name of one of regrow's own, or an absolute path of the user's own. */
export const playbook = textOf(
  /^([A-Za-z0-9_-]+|(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._@:+,=-]+)+)\.ya?ml$/,
  "expected the name of one of regrow's playbooks, such as sync_files.yml, or an absolute path that ends in .yml",
).meta({ 'x-kind': 'playbook' });

/** A folder in vCenter's inventory, from the root: `/datacenter/vm/...`. */
export const inventoryPath = textOf(
  /^(\/(?!\.{1,2}(\/|$))[^/\p{Cc}\p{Cs}]{1,80})+$/u,
  'expected a folder from the root of the inventory, such as /losangelesctr/vm/web',
);

/** A secret of the environment of regrow. */
export const secretVariable = z.strictObject({
  env: textOf(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable'),
});

/** A secret that is the content of a file. */
export const secretFile = z.strictObject({ file: absolutePath });

/** A secret: `{env: NAME}`, `{file: /path}`, or (with a warning) the text itself. */
export const secret = z
  .codec(
    z.union([z.string().min(1), secretVariable, secretFile], {
      error: 'expected {env: NAME}, {file: /path}, or text',
    }),
    z.custom<SecretRef>(),
    {
      decode: (given): SecretRef => (typeof given === 'string' ? new SecretLiteral(given) : given),
      encode: (ref) => (ref instanceof SecretLiteral ? ref.toString() : ref),
    },
  )
  .meta({ 'x-kind': 'secret' });

/** A command as a list: program, then arguments. No shell reads it. */
export const command = z
  .array(textOf(/^[^\0]{1,4096}$/s, 'expected text'), { error: 'expected a list: the program, then its arguments' })
  .min(1, { error: 'expected a list: the program, then its arguments' });
