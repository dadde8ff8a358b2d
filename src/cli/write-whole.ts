import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RegrowError } from '../errors.ts';

/** Writes a file whole or not at all, over what is there. Throws FILE_NOT_WRITTEN. */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  // systemd and Monit (conf.d/*) read no file that begins with a dot.
  const part = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    await writeFile(part, text, { mode, flag: 'wx' });
    await rename(part, path).catch(async (error: unknown) => {
      await rm(part, { force: true });
      throw error;
    });
  } catch (error) {
    throw notWritten(path, error);
  }
}

/** What the system said of a file or folder, as FILE_NOT_WRITTEN; any other error as it is. */
export function notWritten(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  return new RegrowError('FILE_NOT_WRITTEN', `${path} cannot be written: ${error.message}.`, {
    facts: { path, cause: error.code },
    remedy: remedyFor(error.code),
    cause: error,
  });
}

function remedyFor(code: string): string {
  if (code === 'EACCES' || code === 'EPERM') return 'Run it as root, or name a place that this user can write.';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'Make its folder first, or name a place that is there.';
  if (code === 'EISDIR') return 'Name a file: this is a folder.';
  return 'See that its file system is writable and not full, or name another place.';
}
