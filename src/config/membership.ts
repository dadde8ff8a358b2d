import { createHash } from 'node:crypto';
import { z } from 'zod';
import { member } from './document.ts';
import { defaultMessage, explainIssues } from './issues.ts';
import { configSchema, type Config } from './schema.ts';
import { label, textOf, wholeNumber } from './values.ts';

/** The greatest version there is. Nobody gets there by editing. */
export const maxVersion = 2 ** 31 - 1;
/** A record on disk or from a peer is no longer than this. */
export const maxRecordBytes = 1024 * 1024;
const maxDepth = 32;

const nodesSchema = configSchema.shape.pool.shape.nodes;

/** A node in the form of regrow.yml: a name, or a mapping with a name and what differs for that node. */
export type FileNode = z.input<typeof nodesSchema>[number];

const recordSchema = z.object({
  version: wholeNumber(0, maxVersion),
  by: textOf(/^[A-Za-z0-9._-]{1,253}$/, 'expected the name of a controller'),
  at: z.iso.datetime({ error: 'expected a time in ISO 8601, UTC' }).max(32),
  pool: label,
  nodes: nodesSchema,
  basis: textOf(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal digits'),
});

/** The nodes of the pool as a controller published them: `state_dir/membership.json`, and what peers ask each other for. */
export interface MembershipRecord {
  /** 0: regrow.yml as installed. Each published edit has a greater one. */
  readonly version: number;
  /** The controller that published it. */
  readonly by: string;
  /** When, in ISO 8601; for people alone. */
  readonly at: string;
  readonly pool: string;
  readonly nodes: readonly FileNode[];
  /** Digest of the nodes that this machine's own regrow.yml had when the record was published or adopted here. */
  readonly basis: string;
}

/** What regrow.yml itself says of the members. */
export interface FileMembers {
  readonly pool: string;
  readonly nodes: readonly FileNode[];
  readonly digest: string;
}

/** A record that was read, or why there is none. */
export type ParsedRecord =
  { readonly ok: true; readonly record: MembershipRecord } | { readonly ok: false; readonly reason: string };

/** What regrow.yml says of the members, in the form of the file and with its digest. */
export function membersOf(config: Config): FileMembers {
  const nodes = z.encode(nodesSchema, [...config.pool.nodes]);
  return { pool: config.pool.name, nodes, digest: digestOf(nodes) };
}

/** The name in an entry of the file. */
export function nameOf(node: FileNode): string {
  return typeof node === 'string' ? node : node.name;
}

/** SHA-256 of the nodes. Their order, and the order of keys, say nothing about the pool, and make no difference. */
export function digestOf(nodes: readonly FileNode[]): string {
  const sorted = nodes.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return createHash('sha256').update(canonicalJson(sorted)).digest('hex');
}

/** JSON with the keys of every mapping in order. For data of bounded depth. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join(',')}}`;
}

/** Reads a record from disk or from a peer, which may be hostile. Never throws; a reason repeats no value of the text. */
export function parseRecord(text: string): ParsedRecord {
  if (Buffer.byteLength(text) > maxRecordBytes) return refused(`it is larger than ${maxRecordBytes} bytes`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return refused('it is not JSON');
  }
  if (isDeeperThan(maxDepth, document)) return refused(`it is nested deeper than ${maxDepth} levels`);
  const result = recordSchema.safeParse(document, { error: defaultMessage, reportInput: true });
  if (!result.success) {
    const [first] = explainIssues(result.error.issues, document);
    return refused(first ? `${z.core.toDotPath(first.path)}: ${first.message}` : 'it is no record');
  }
  return { ok: true, record: { ...result.data, nodes: z.encode(nodesSchema, result.data.nodes) } };
}

function refused(reason: string): ParsedRecord {
  return { ok: false, reason: reason.slice(0, 300) };
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeperThan(levels - 1, each));
}

/** What became of the nodes between two lists: names, in the order of the lists. */
export interface MembershipChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** What the second list has that the first has not, and the other way round. */
export function changeBetween(before: readonly FileNode[], after: readonly FileNode[]): MembershipChange {
  const earlier = new Map(before.map((node) => [nameOf(node), canonicalJson(node)]));
  const later = new Map(after.map((node) => [nameOf(node), canonicalJson(node)]));
  const names = [...later.keys()];
  return {
    added: names.filter((name) => !earlier.has(name)),
    removed: [...earlier.keys()].filter((name) => !later.has(name)),
    changed: names.filter((name) => earlier.has(name) && earlier.get(name) !== later.get(name)),
  };
}

/** A change in words: `added webbox4; taken out webbox2`. */
export function describeChange({ added, removed, changed }: MembershipChange): string {
  const parts = [
    ['added', added],
    ['taken out', removed],
    ['changed', changed],
  ] as const;
  const said = parts.filter(([, names]) => names.length > 0).map(([word, names]) => `${word} ${names.join(', ')}`);
  return said.length === 0 ? 'the same nodes' : said.join('; ');
}

/**
 * Every program in a part of the configuration: commands to run, playbooks and what they are given; and every file that is read as a
 * secret. Two that are alike give the same text.
 */
export function programsIn(value: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const look = (each: unknown): void => {
    if (typeof each !== 'object' || each === null) return;
    for (const key of ['command', 'exec', 'playbook', 'extra_vars', 'file']) {
      const program = member(each, key);
      if (program !== undefined) found.add(`${key}: ${canonicalJson(program)}`);
    }
    for (const inner of Object.values(each)) look(inner);
  };
  look(value);
  return found;
}
