import {
  changeBetween,
  describeChange,
  digestOf,
  maxVersion,
  nameOf,
  type FileMembers,
  type MembershipRecord,
} from '../config/membership.ts';

/*
 * Which record of the membership holds. Versions only grow: the newest wins, and a controller never goes back to an older one. Two
 * edits that did not know of each other get the same version with different nodes; nobody can say which was meant, so each
 * controller keeps what it has and says so, until a further edit gets a greater version.
 */

/** One of several lists of nodes with the same version. */
export interface ConflictSide {
  readonly by: string;
  readonly at: string;
  readonly digest: string;
  readonly record: MembershipRecord;
}

/** Several lists of nodes with the same version. Whoever sees it from whichever side sees the same. */
export interface Conflict {
  readonly version: number;
  /** Two or more, in the order of their digests. */
  readonly sides: readonly ConflictSide[];
}

/** What follows from the records of others. */
export type Merge =
  | { readonly kind: 'keep' }
  | { readonly kind: 'adopt'; readonly record: MembershipRecord }
  | { readonly kind: 'conflict'; readonly conflict: Conflict };

/** Weighs the own record against those of others, all of the same pool. Their order makes no difference. */
export function merge(own: MembershipRecord, heard: readonly MembershipRecord[]): Merge {
  const newest = Math.max(own.version, ...heard.map((record) => record.version));
  const sides = sidesOf([own, ...heard].filter((record) => record.version === newest));
  const [first] = sides;
  if (sides.length > 1) return { kind: 'conflict', conflict: { version: newest, sides } };
  if (first === undefined || newest === own.version) return { kind: 'keep' };
  return { kind: 'adopt', record: first.record };
}

/** One side for each list of nodes. Of equal lists, the publisher whose name comes first stands for all. */
function sidesOf(records: readonly MembershipRecord[]): readonly ConflictSide[] {
  const sides = new Map<string, ConflictSide>();
  for (const record of records.toSorted((a, b) => inOrder(a.by, b.by) || inOrder(a.at, b.at))) {
    const digest = digestOf(record.nodes);
    if (!sides.has(digest)) sides.set(digest, { by: record.by, at: record.at, digest, record });
  }
  return [...sides.values()].toSorted((a, b) => inOrder(a.digest, b.digest));
}

function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A conflict on one line, for people. */
export function describeConflict({ version, sides }: Conflict): string {
  const [first, ...others] = sides;
  const told = others.map(
    ({ by, record }) => `${by} against it: ${describeChange(changeBetween(first?.record.nodes ?? [], record.nodes))}`,
  );
  const nodes = (first?.record.nodes ?? []).map(nameOf).join(', ');
  return `version ${version} was published with different nodes: ${first?.by ?? ''} has ${nodes}; ${told.join('; ')}`;
}

/** What follows from the nodes of regrow.yml for the own record. */
export type Publication =
  | { readonly kind: 'unchanged'; readonly record: MembershipRecord }
  /** Written down, and nothing new to others: a first record, or an own regrow.yml that was brought up to date. */
  | { readonly kind: 'noted'; readonly record: MembershipRecord }
  /** Edited on a machine that is no member: the record holds on, over what regrow.yml says now. */
  | { readonly kind: 'overruled'; readonly record: MembershipRecord }
  /** A new version for the pool. */
  | { readonly kind: 'published'; readonly record: MembershipRecord };

export interface Publisher {
  readonly by: string;
  readonly at: string;
  /** The greatest version that was heard of. */
  readonly known: number;
}

/**
 * Compares the nodes of regrow.yml with those that the record was made or adopted over. Only a member publishes, since
 * nobody asks another machine: on an admin host, and on a node that was taken out, a published version holds whatever is edited.
 */
export function publicationOf(
  own: MembershipRecord | null,
  file: FileMembers,
  { by, at, known }: Publisher,
): Publication {
  const installed = { version: 0, by, at, pool: file.pool, nodes: file.nodes, basis: file.digest };
  if (own === null) return { kind: 'noted', record: installed };
  if (own.basis === file.digest) return { kind: 'unchanged', record: own };
  if (digestOf(own.nodes) === file.digest) return { kind: 'noted', record: { ...own, basis: file.digest } };
  if (!own.nodes.some((node) => nameOf(node) === by)) {
    if (own.version === 0) return { kind: 'noted', record: installed };
    return { kind: 'overruled', record: { ...own, basis: file.digest } };
  }
  const version = Math.min(Math.max(own.version, known) + 1, maxVersion);
  return { kind: 'published', record: { ...installed, version } };
}
