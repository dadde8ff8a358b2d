import { createHash } from 'node:crypto';
import { access, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ImageReport } from '../pool/image-versions.ts';

/** Whether the image's folder says that it is being copied: a partial image is never built from. */
export async function isImageIncomplete(ovf: string): Promise<boolean> {
  return access(join(dirname(ovf), '.incomplete')).then(
    () => true,
    () => false,
  );
}

/** What this machine carries. No disk is read: a rebuild compares their checksums itself. Never throws. */
export async function readImage(ovf: string): Promise<ImageReport> {
  try {
    const { mtimeMs } = await stat(ovf);
    const manifest = await readFile(`${ovf.replace(/\.ovf$/, '')}.mf`).catch(() => null);
    return {
      // As ansible/library/regrow_image.py has it.
      version: createHash('sha256')
        .update(manifest ?? (await readFile(ovf)))
        .digest('hex')
        .slice(0, 12),
      // Whole seconds, which every file system and every way of copying keeps.
      made_at: new Date(Math.floor(mtimeMs / 1000) * 1000).toISOString(),
      problem: (await isImageIncomplete(ovf)) ? 'it is under construction' : null,
    };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { version: null, made_at: null, problem: `${ovf} cannot be read: ${reason}` };
  }
}
