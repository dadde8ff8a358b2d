import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { allHealthy } from '../e2e/healing.ts';
import { eventually, Lab } from '../lab/lab.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3'] as const;
const statusSchema = z.object({
  images: z.array(
    z.object({
      version: z.string().nullable(),
      newest: z.boolean(),
      problem: z.string().nullable(),
      controllers: z.array(z.string()),
    }),
  ),
});
const makeNewer = `cd /var/lib/regrow/image && echo '<!-- newer -->' >>coreimage.ovf &&
  sha256sum --tag coreimage.ovf coreimage-disk1.vmdk | sed 's/^SHA256 (\\(.*\\)) =/SHA256(\\1)=/' >coreimage.mf`;
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({ nodes: nodes.length, daemons: true });
  await allHealthy(lab, nodes);
}, 400_000);
afterAll(async () => lab.down());

/** Waits until every daemon tells of the same images, who carries them as wanted, the newest first; their versions. */
async function allTell(wanted: readonly (readonly string[])[]): Promise<readonly (string | null)[]> {
  let last: unknown;
  const versions = await eventually(`all tell ${JSON.stringify(wanted)}`, 240_000, async () => {
    const told = await Promise.all(nodes.map(async (node) => statusSchema.parse(await lab.http(node, '/v1/status'))));
    last = told;
    const isAsWanted = told.every(
      ({ images }) =>
        JSON.stringify(images.map(({ controllers }) => controllers.toSorted())) === JSON.stringify(wanted) &&
        images[0]?.newest === true,
    );
    return isAsWanted ? told.map(({ images }) => images.map(({ version }) => version)) : undefined;
  }).catch((error: unknown) => {
    throw new Error(`at last: ${JSON.stringify(last)}`, { cause: error });
  });
  expect(new Set(versions.map((each) => each.join())).size).toBe(1);
  return versions[0] ?? [];
}

async function onWebbox1(...argv: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await lab.exec('webbox1', argv);
  expect(exitCode, stdout + stderr).toBe(0);
}

it('a newer image that one node has reaches the others by regrow sync, and every controller tells who has which', async () => {
  const [old] = await allTell([nodes]);
  await onWebbox1('sh', '-c', makeNewer);
  await onWebbox1('regrow', 'sync', 'webbox2');
  const [newest, older] = await allTell([['webbox1', 'webbox2'], ['webbox3']]);
  expect(older).toBe(old);
  const { stdout } = await lab.exec('webbox3', ['regrow', 'status']);
  expect(stdout).toContain(`webbox3 has the older image ${older} of `);
  await onWebbox1('regrow', 'sync');
  expect(await allTell([nodes])).toEqual([newest]);

  await lab.exec('webbox2', ['touch', '/var/lib/regrow/image/.incomplete']);
  await allTell([['webbox1', 'webbox3'], ['webbox2']]);
  const status = await lab.exec('webbox1', ['regrow', 'status']);
  expect(status.stdout).toContain('webbox2 has an image that nothing is built from: it is under construction');
}, 1_200_000);
