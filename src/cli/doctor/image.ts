import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { nodeNames, nodeSettings } from '../../config/node-settings.ts';
import type { Config } from '../../config/schema.ts';
import { fail, ok, warn, type Finding } from './finding.ts';
import { parseOvf, type Ovf } from './ovf.ts';

const maxDescriptorBytes = 16 * 1024 * 1024;

/** Whether every image of the pool is complete on this machine, and its networks are mapped. */
export async function imageFindings(config: Config): Promise<readonly Finding[]> {
  const settings = nodeNames(config).map((name) => nodeSettings(config, name));
  const images = new Map(settings.map(({ image, vcenter }) => [image.ovf, vcenter.networks]));
  const found = await Promise.all([...images].map(([path, networks]) => oneImage(path, Object.keys(networks))));
  return found.flat();
}

async function oneImage(path: string, mapped: readonly string[]): Promise<readonly Finding[]> {
  const item = `image ${path}`;
  const bytes = await sizeOf(path);
  if (bytes === undefined)
    return [fail(item, 'the file does not exist or cannot be read', 'copy the image to this machine')];
  if (path.endsWith('.ova'))
    return [
      warn(item, `an .ova of ${bytes} bytes; its content is not checked`, 'unpack it with tar, and use the .ovf'),
    ];
  if (bytes > maxDescriptorBytes)
    return [fail(item, 'far too large for an OVF descriptor', 'name the .ovf file itself')];
  const ovf = parseOvf(await readFile(path, 'utf8'));
  if (typeof ovf === 'string') return [fail(item, ovf, 'export the image again')];
  const problems = [...(await fileProblems(path, ovf)), ...(await checksumProblems(path))];
  const [first, ...more] = problems;
  const files = `${ovf.files.length} file${ovf.files.length === 1 ? '' : 's'}`;
  const state =
    first === undefined
      ? ok(item, `complete, ${files}`)
      : fail(item, [first, ...more].join('; '), 'copy the whole image folder again from where it was made');
  return [state, ...networkFindings(item, ovf, mapped)];
}

async function fileProblems(path: string, { files }: Ovf): Promise<readonly string[]> {
  const problems = await Promise.all(
    files.map(async ({ href, size }) => {
      if (href !== basename(href) || href === '..' || href === '.') return `refers to ${href}, which is not beside it`;
      const actual = await sizeOf(join(dirname(path), href));
      if (actual === undefined) return `${href} is missing`;
      return size !== undefined && size !== actual ? `${href} has ${actual} bytes instead of ${size}` : undefined;
    }),
  );
  return problems.filter((problem) => problem !== undefined);
}

/** Of the manifest beside the OVF, lines such as `SHA256(disk.vmdk)= 9f86...`. */
async function checksumProblems(path: string): Promise<readonly string[]> {
  const manifest = path.replace(/\.ovf$/, '.mf');
  if ((await sizeOf(manifest)) === undefined) return [];
  const lines = [
    ...(await readFile(manifest, 'utf8')).matchAll(/^(SHA1|SHA256|SHA512)\s*\(([^)]+)\)\s*=\s*([0-9a-fA-F]+)\s*$/gm),
  ];
  if (lines.length === 0) return [`${basename(manifest)} holds no checksums`];
  const problems: string[] = [];
  for (const [, algorithm = '', file = '', expected = ''] of lines) {
    const target = join(dirname(path), basename(file));
    if ((await sizeOf(target)) === undefined) problems.push(`${file} of the manifest is missing`);
    else if ((await digestOf(target, algorithm)) !== expected.toLowerCase())
      problems.push(`${file} has another checksum than the manifest says`);
  }
  return problems;
}

async function digestOf(path: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm.toLowerCase());
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function networkFindings(item: string, ovf: Ovf, mapped: readonly string[]): readonly Finding[] {
  const missing = ovf.networks.filter((network) => !mapped.includes(network));
  const surplus = mapped.filter((network) => !ovf.networks.includes(network));
  return [
    ...missing.map((network) =>
      fail(item, `its network ${JSON.stringify(network)} is not mapped`, 'name it under vcenter.networks'),
    ),
    ...surplus.map((network) =>
      warn(item, `it has no network ${JSON.stringify(network)}`, 'correct the names under vcenter.networks'),
    ),
  ];
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  );
}
