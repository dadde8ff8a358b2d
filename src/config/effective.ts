import { z } from 'zod';
import { checkDocument, type CheckedDocument } from './check-document.ts';
import { entriesOf, member } from './document.ts';
import type { StoredMembership } from './membership-file.ts';
import {
  changeBetween,
  describeChange,
  digestOf,
  membersOf,
  nameOf,
  programsIn,
  type FileMembers,
  type FileNode,
  type MembershipRecord,
} from './membership.ts';
import { resolveSelf } from './node-settings.ts';
import type { Config } from './schema.ts';

/** Who is a member of the pool, as this machine knows it. */
export interface LoadedMembership {
  /** What regrow.yml itself says. */
  readonly file: FileMembers;
  /** The record of this pool that lies in the state directory, whether it holds or not. */
  readonly record: MembershipRecord | null;
  /** Whose nodes are in force: those of the record, or those of regrow.yml. */
  readonly holds: 'record' | 'file';
  /** Why the record on disk is not used: unreadable, of another pool, or at odds with regrow.yml. */
  readonly problem: string | null;
  /** Programs that this machine's own regrow.yml runs; see `programsIn`. */
  readonly programs: ReadonlySet<string>;
  /** Why these nodes cannot be put into this machine's regrow.yml; null: they can. */
  readonly misfit: (nodes: readonly FileNode[]) => string | null;
}

/** The configuration in force, and how it came to its nodes. */
export interface EffectiveConfig {
  readonly config: Config;
  readonly membership: LoadedMembership;
}

/**
 * Puts the record's nodes in the place of those of regrow.yml, when the record is of this pool and regrow.yml's own nodes are
 * still those that the record was adopted over. Nodes that were edited since hold, until they are published.
 */
export function effectiveConfig(document: unknown, file: Config, stored: StoredMembership): EffectiveConfig {
  const members = membersOf(file);
  const { record } = stored;
  const isOurs = record?.pool === members.pool;
  const isInForce = record !== null && isOurs && record.basis === members.digest;
  const merged = isInForce ? checkDocument(withNodes(document, record.nodes)) : null;
  return {
    config: merged?.ok ? merged.config : file,
    membership: {
      file: members,
      record: isOurs ? record : null,
      holds: merged?.ok ? 'record' : 'file',
      problem: stored.problem ?? problemWith(record, members, merged),
      programs: programsIn([member(document, 'checks'), member(member(document, 'pool'), 'nodes')]),
      misfit: (nodes) => misfitOf(checkDocument(withNodes(document, nodes))),
    },
  };
}

function problemWith(
  record: MembershipRecord | null,
  members: FileMembers,
  merged: CheckedDocument | null,
): string | null {
  if (record !== null && record.pool !== members.pool) {
    return `the record of the membership is of the pool ${record.pool}, and is not used`;
  }
  const misfit = merged === null ? null : misfitOf(merged);
  if (record === null || misfit === null) return null;
  return `version ${record.version} of the membership does not fit regrow.yml, whose own nodes hold: ${misfit}`;
}

function misfitOf(checked: CheckedDocument): string | null {
  if (checked.ok) return null;
  const [first] = checked.issues;
  return first === undefined ? 'it is invalid' : `${z.core.toDotPath(first.path)}: ${first.message}`.slice(0, 300);
}

/** The document with other nodes. A machine that regrow.yml calls by name, and that is not among them, is no node any more. */
function withNodes(document: unknown, nodes: readonly FileNode[]): unknown {
  const self = member(document, 'self');
  const isNamed = typeof self === 'string' && self !== 'auto' && self !== 'none';
  const isOut = isNamed && !nodes.some((node) => nameOf(node) === self);
  return {
    ...Object.fromEntries(entriesOf(document)),
    ...(isOut ? { self: 'none' } : {}),
    pool: { ...Object.fromEntries(entriesOf(member(document, 'pool'))), nodes },
  };
}

/** Whether this machine is a node by its regrow.yml, and a newer membership took it out. It watches, and acts on nobody. */
export function isTakenOut(
  { file, config }: { readonly file: Config; readonly config: Config },
  hostname: string,
): boolean {
  return resolveSelf(file, hostname) !== null && resolveSelf(config, hostname) === null;
}

/** What people should know who read or edit `pool.nodes` of regrow.yml on this machine; null: nothing. */
export function membershipNotice({ file, record, holds }: LoadedMembership): string | null {
  if (record === null || digestOf(record.nodes) === file.digest) return null;
  if (holds === 'record') {
    const change = describeChange(changeBetween(file.nodes, record.nodes));
    return `version ${record.version} of the membership, published by ${record.by} at ${record.at}, holds instead of pool.nodes of this file: ${change}`;
  }
  if (record.basis === file.digest) return null;
  const change = describeChange(changeBetween(record.nodes, file.nodes));
  return `pool.nodes was edited since version ${record.version} of the membership: a controller that is a node publishes it when it is reloaded: ${change}`;
}
