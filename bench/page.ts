import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect } from 'vitest';

const page = resolve(import.meta.dirname, '../docs/benchmarks.md');

/** Puts the text between the marks of that name in docs/benchmarks.md. */
export async function publish(
  mark: 'measured' | 'monitor' | 'heal' | 'http' | 'cli' | 'pages' | 'decide',
  text: string,
): Promise<void> {
  const old = await readFile(page, 'utf8');
  const marked = new RegExp(`(<!-- ${mark}: begin -->\n)[\\s\\S]*(<!-- ${mark}: end -->)`);
  expect(old).toMatch(marked);
  await writeFile(
    page,
    old.replace(marked, (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`),
  );
}
