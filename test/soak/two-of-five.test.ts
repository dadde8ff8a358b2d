import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectClaimsClosed } from '../e2e/claims.ts';
import { allHealthy, deedsOn, oneRebuild, replaced } from '../e2e/healing.ts';
import { Lab } from '../lab/lab.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3', 'webbox4', 'webbox5'] as const;
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({ nodes: nodes.length, daemons: true });
  await allHealthy(lab, nodes, 300_000);
}, 900_000);
afterAll(async () => lab.down());

it('two of five that die in the same second both come back, each rebuilt once', async () => {
  const olds = await Promise.all([lab.vm('webbox2'), lab.vm('webbox4')]);
  const before = lab.operations().length;
  await Promise.all(olds.map(async ({ name }) => lab.kill(name)));
  const began = performance.now();
  const fresh = await Promise.all(olds.map(async (old) => replaced(lab, old, 400_000)));
  console.log(`both certified anew after ${Math.round((performance.now() - began) / 1000)} s`);
  await allHealthy(lab, nodes, 300_000);
  const done = deedsOn(lab.operations().slice(before));
  for (const [index, old] of olds.entries()) {
    const anew = fresh[index];
    if (anew === undefined) throw new Error(`${old.name} was not rebuilt`);
    const wanted = oneRebuild(old, anew);
    const uuids = wanted.map(({ uuid }) => uuid);
    expect(done.filter(({ uuid }) => uuids.includes(uuid))).toEqual(wanted);
  }
  expect(done).toHaveLength(8);
  expectClaimsClosed(await lab.state());
}, 1_200_000);
