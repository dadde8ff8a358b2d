import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** The sources compiled for this test file, so that other processes can run them. Gives a module's URL by its path in src/. */
export function compiledSources(): (module: string) => string {
  let folder = '';
  beforeAll(async () => {
    mkdirSync(path.join(root, '.cache'), { recursive: true });
    folder = mkdtempSync(path.join(root, '.cache/test-dist-'));
    symlinkSync(path.join(root, 'ansible'), path.join(folder, 'ansible'));
    const tsc = path.join(root, 'node_modules/.bin/tsc');
    await execa(tsc, ['-p', 'tsconfig.build.json', '--outDir', path.join(folder, 'dist')], { cwd: root });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (module) => pathToFileURL(path.join(folder, 'dist', module)).href;
}
