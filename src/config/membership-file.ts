import { constants } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { maxRecordBytes, parseRecord, type MembershipRecord } from './membership.ts';

/** What lies in the state directory. A file that cannot be used counts as none, and `problem` says why. */
export interface StoredMembership {
  readonly path: string;
  readonly record: MembershipRecord | null;
  readonly problem: string | null;
}

/** Reads `state_dir/membership.json`. Never throws. */
export async function readMembership(stateDir: string): Promise<StoredMembership> {
  const path = membershipPath(stateDir);
  try {
    const parsed = parseRecord(await readBounded(path));
    if (parsed.ok) return { path, record: parsed.record, problem: null };
    return { path, record: null, problem: `the record of the membership cannot be used: ${parsed.reason}` };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { path, record: null, problem: null };
    return { path, record: null, problem: `the record of the membership cannot be read (${code})` };
  }
}

/** Replaces the record in one step, safe against a power cut: a reader sees the old one or the new one. */
export async function writeMembership(stateDir: string, record: MembershipRecord): Promise<void> {
  const path = membershipPath(stateDir);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(record, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  const folder = await open(stateDir);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function membershipPath(stateDir: string): string {
  return join(stateDir, 'membership.json');
}

/** One byte more than is allowed, at most: enough for the parser to refuse it. Does not wait for a pipe's writer. */
async function readBounded(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(maxRecordBytes + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    return buffer.toString('utf8', 0, length);
  } finally {
    await file.close();
  }
}
