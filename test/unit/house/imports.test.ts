import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const house = mkdtempSync(join(tmpdir(), 'regrow-imports-'));
afterAll(() => rmSync(house, { recursive: true, force: true }));

for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) cpSync(join(root, file), join(house, file));
symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));

const folders = [
  'ansible',
  'cli',
  'config',
  'controller',
  'http',
  'monitor',
  'notify',
  'peers',
  'pool',
  'remediation',
  'store',
];
const files = ['errors', 'logging', 'descriptors', 'controller', 'main'];
for (const folder of folders) write(`src/${folder}/thing.ts`, `export const thing = '${folder}';\n`);
for (const file of files) write(`src/${file}.ts`, `export const thing = '${file}';\n`);

function write(file: string, text: string): void {
  mkdirSync(dirname(join(house, file)), { recursive: true });
  writeFileSync(join(house, file), text);
}

/** Puts a file for each import into a folder of the house, and gives the imports of those that the linter refuses. */
function refusedIn(folder: string, paths: readonly string[], rule = 'no-restricted-imports'): readonly string[] {
  paths.forEach((path, index) => {
    write(`src/${folder}/probe/${index}.ts`, `import { thing } from '${path}';\n\nexport const own = thing;\n`);
  });
  const { status, stdout } = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['-f', 'unix', `src/${folder}/probe`], {
    cwd: house,
    encoding: 'utf8',
  });
  rmSync(join(house, `src/${folder}/probe`), { recursive: true });
  const refused = paths.filter((_, index) =>
    stdout.split('\n').some((line) => line.includes(`probe/${index}.ts:`) && line.includes(rule)),
  );
  expect(status).toBe(refused.length === 0 ? 0 : 1);
  return refused;
}

const inFolder = (folder: string): string => `../../${folder}/thing.ts`;
const everything = [...folders.map(inFolder), ...files.map((file) => `../../${file}.ts`)];
const below = ['../../errors.ts', '../../logging.ts', '../../descriptors.ts'];
const layer = [...['pool', 'config'].map(inFolder), ...below];
const parts = folders.filter((each) => each !== 'cli' && each !== 'controller');
const onTop = [...parts.filter((each) => each !== 'http').map(inFolder), ...below];

describe('the rule of imports', () => {
  it.each<[string, readonly string[]]>([
    ['pool', []],
    ['config', [inFolder('pool'), ...below]],
    ['monitor', layer],
    ['ansible', layer],
    ['store', layer],
    ['notify', layer],
    ['peers', layer],
    ['remediation', [...layer, inFolder('ansible'), inFolder('store')]],
    ['http', onTop],
    ['cli', [...onTop, '../../controller.ts']],
    ['controller', [...parts.map(inFolder), ...below]],
  ])('lets %s import what it may, and nothing else', (folder, allowed) => {
    const others = everything.filter((path) => path !== inFolder(folder));
    const forbidden = others.filter((path) => !allowed.includes(path));
    expect(refusedIn(folder, others)).toEqual(forbidden);
  });

  it('keeps input and output out of the pure part', () => {
    expect(refusedIn('pool', ['node:fs', 'node:process'])).toEqual(['node:fs', 'node:process']);
  });

  it('refuses circles', () => {
    write('src/store/thing.ts', `import { own } from './probe/0.ts';\n\nexport const thing = (): unknown => own;\n`);
    expect(refusedIn('store', ['../thing.ts'], 'no-cycle')).toEqual(['../thing.ts']);
  });

  it('has an entry for each folder and file at the top of src', () => {
    const config = readFileSync(join(root, '.oxlintrc.json'), 'utf8');
    const entries = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter(({ name }) => name !== 'main.ts' && name !== 'controller.ts')
      .map((entry) => (entry.isDirectory() ? `"src/${entry.name}/**"` : `"src/${entry.name}"`));
    expect(entries.filter((entry) => !config.includes(entry))).toEqual([]);
  });
});
