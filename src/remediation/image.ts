import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Whether the image's folder says that it is being copied: a partial image is never built from. */
export async function isImageIncomplete(ovf: string): Promise<boolean> {
  return access(join(dirname(ovf), '.incomplete')).then(
    () => true,
    () => false,
  );
}
