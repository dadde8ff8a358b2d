import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { commandTree, everyEntry, type CommandEntry } from '../../../src/cli/command-tree.ts';
import { manPageOfProgram } from '../../../src/cli/man-page-of-program.ts';
import { wholeProgram } from '../../../src/cli/program.ts';

const root = join(import.meta.dirname, '../../..');
const file = join(root, 'docs/man/regrow.1');
const silent = { write: (): void => undefined };
const off = { stdin: false, stdout: false, stderr: false };
let tree: CommandEntry;
beforeAll(async () => {
  tree = commandTree(await wholeProgram({ env: {}, stdout: silent, stderr: silent, isTTY: off }));
});

describe('docs/man/regrow.1', () => {
  it('is what scripts/generate-docs makes of --help', async () => {
    expect(readFileSync(file, 'utf8')).toBe(await manPageOfProgram());
  });

  it('has every command with its options, and every exit code', () => {
    const page = readFileSync(file, 'utf8')
      .replaceAll('\\-', '-')
      .replaceAll(/\\f[BIR]/g, '');
    for (const { path, options, commands } of everyEntry(tree).slice(1)) {
      if (commands.length === 0) expect(page).toMatch(new RegExp(`^\\.SS regrow ${path.join(' ')}( |$)`, 'm'));
      for (const { names } of options) expect(page).toContain(names.join(', '));
    }
    const [, exits = ''] = page.split('.SH EXIT STATUS');
    expect(exits.match(/^\.B \d$/gm)).toHaveLength(9);
  });

  it('is in the package', () => {
    const { man, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(man).toEqual(['docs/man/regrow.1']);
    expect(files).toContain('docs');
  });

  it('says that every command and option means something', () => {
    for (const { path, description, options } of everyEntry(tree)) {
      expect(description, path.join(' ')).not.toBe('');
      for (const option of options) expect(option.description, option.names.join()).not.toBe('');
    }
  });

  it('has no line that groff complains of', async () => {
    const checked = await execa('groff', ['-man', '-ww', '-Tutf8', '-z', file], { reject: false });
    // Debian without groff-base has nothing to read manual pages with.
    if (checked.code === 'ENOENT') return;
    expect(checked).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
