import { join } from 'node:path';

/** Where `scripts/bench` compiles a program that is measured in a process of its own. */
export function compiled(name: string): string {
  return join(import.meta.dirname, '..', '.cache', 'bench', 'bench', `${name}.js`);
}
