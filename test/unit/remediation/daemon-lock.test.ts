import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeError } from '../../../src/cli/fault.ts';
import { styleFor } from '../../../src/cli/output.ts';
import { lockDaemon, readDaemonLock } from '../../../src/remediation/daemon-lock.ts';
import { temporaryFolder } from '../store/folders.ts';

/** What people read of the fault. */
async function said(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no fault',
    (error: unknown) => describeError(error, styleFor(false)),
  );
}

describe("the lock of a state folder's one daemon", () => {
  it('is taken once, and again when it was released', async () => {
    const folder = temporaryFolder();
    const lock = await lockDaemon(folder);
    expect(await readDaemonLock(folder)).toMatchObject({ pid: process.pid });
    expect(await said(lockDaemon(folder))).toContain('A controller already runs');
    await lock.release();
    await (await lockDaemon(folder)).release();
  });

  it('tells the operator of a folder that cannot be made, and what to do', async () => {
    const text = await said(lockDaemon('/dev/null/state'));
    expect(text).toContain('error: The journal: /dev/null/state cannot be opened for writing\n');
    expect(text).toContain('what to do: Run this as the user that owns the journal');
  });

  it('tells the operator of a folder in which nothing can be opened, and what to do', async () => {
    const folder = temporaryFolder();
    // SQLite's refusal, as a user without rights gets it.
    mkdirSync(join(folder, 'daemon.lock.mutex'));
    const text = await said(lockDaemon(folder));
    expect(text).toContain(`error: The journal: ${folder} cannot be opened for writing\n`);
    expect(text).not.toContain('defect');
  });

  it('tells the operator of a record that cannot be read', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'daemon.lock'));
    expect(await said(readDaemonLock(folder))).toContain(`error: The journal: ${folder} cannot be opened`);
  });
});
