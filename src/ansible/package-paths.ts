import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's `ansible/` folder. It lies at the same place relative to src/ and to dist/. */
export const ansibleFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../ansible');

/** A playbook of ours by name, or one of the user's own by absolute path. */
export function playbookPath(playbook: string): string {
  return path.isAbsolute(playbook) ? playbook : path.join(ansibleFolder, 'playbooks', playbook);
}
