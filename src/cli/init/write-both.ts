import { randomBytes } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RegrowError } from '../../errors.ts';
import { makeFolder } from '../make-folder.ts';

/** What came of it: `kept` when a token was there already, as it is where it was copied from another machine. */
export interface Written {
  readonly token: 'written' | 'kept';
}

/**
 * Writes the configuration and, where there is none, a token: both or nothing, and over nothing that is there. The configuration comes
 * last: a crash before leaves at most a token, which the next attempt keeps. Throws CONFIG_EXISTS or CONFIG_NOT_WRITTEN.
 */
export async function writeBoth(configPath: string, text: string, tokenPath: string): Promise<Written> {
  let newToken = false;
  try {
    for (const path of [configPath, tokenPath]) await makeFolder(dirname(path));
    newToken = await place(tokenPath, `${randomBytes(32).toString('base64url')}\n`, 0o600);
    if (!(await place(configPath, text, 0o644))) throw exists(configPath);
    return { token: newToken ? 'written' : 'kept' };
  } catch (error) {
    if (newToken) await rm(tokenPath, { force: true });
    if (error instanceof RegrowError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RegrowError('CONFIG_NOT_WRITTEN', `Nothing was written: ${reason}.`, {
      facts: { path: configPath, token: tokenPath },
      remedy: 'run it as root, or name another place with --config',
      cause: error,
    });
  }
}

/** What is there stays. */
export function exists(path: string): RegrowError {
  return new RegrowError('CONFIG_EXISTS', `${path} is there already, and is never overwritten.`, {
    facts: { path },
    remedy: 'edit it, or name another place with --config',
  });
}

/** Whole or not at all, and durably; false when something stands there. */
async function place(path: string, text: string, mode: number): Promise<boolean> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    const file = await open(draft, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
