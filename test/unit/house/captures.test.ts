import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../src/cli/terminal-text.ts';

const docs = join(import.meta.dirname, '../../../docs');
const page = readFileSync(join(docs, 'cli.md'), 'utf8');
const files = readdirSync(join(docs, 'captures'));
const read = (file: string): string => readFileSync(join(docs, 'captures', file), 'utf8');

describe('docs/cli.md', () => {
  it('shows the captures as they are', () => {
    const shown = [...page.matchAll(/<!-- capture: ([\w-]+) -->\n\n```text\n([\s\S]*?)\n```\n/g)];
    expect(shown.length).toBe(page.match(/<!-- capture: /g)?.length);
    for (const [, name = '', text] of shown) expect(text, name).toBe(read(`${name}.txt`).trimEnd());
  });

  it('has each command that has to be shown, at both widths', () => {
    for (const name of ['status-remediating', 'status-watch-2-remediating', 'rebuild', 'logs', 'explain-remediating'])
      for (const width of [80, 200])
        expect(files).toEqual(expect.arrayContaining([`${name}-${width}.txt`, `${name}-${width}.ansi`]));
  });
});

describe('a capture', () => {
  it('stays within its terminal, and is without escapes or machine paths', () => {
    for (const file of files.filter((name) => name.endsWith('.txt'))) {
      const columns = Number(/-(\d+)\.txt$/.exec(file)?.[1]);
      for (const line of read(file).split('\n')) expect(displayWidth(line), file).toBeLessThanOrEqual(columns);
      expect(read(file), file).not.toMatch(/\p{Cc}(?<!\n)|\/work\/|\/var\/tmp/u);
    }
  });
});
