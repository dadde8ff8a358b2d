import { digestOf, type FileMembers, type FileNode, type MembershipRecord } from '../../../src/config/membership.ts';

const at = '2026-01-01T00:00:00.000Z';

/** What a regrow.yml with these nodes says. */
export function fileOf(nodes: readonly FileNode[], pool = 'web'): FileMembers {
  return { pool, nodes, digest: digestOf(nodes) };
}

/** A record as its publisher has it. */
export function recordOf(version: number, nodes: readonly FileNode[], by = 'web1'): MembershipRecord {
  return { version, by, at, pool: 'web', nodes, basis: digestOf(nodes) };
}
