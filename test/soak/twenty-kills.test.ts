import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectClaimsClosed } from '../e2e/claims.ts';
import { allHealthy, deedsOn, lastEvent, oneRebuild, replaced, storyOf } from '../e2e/healing.ts';
import { Lab } from '../lab/lab.ts';
import { daemonUse, type DaemonUse } from './daemon-process.ts';

const kills = Number(process.env['REGROW_KILLS'] ?? 20);
const nodes = ['webbox1', 'webbox2', 'webbox3'] as const;
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({ nodes: nodes.length, daemons: true });
  await allHealthy(lab, nodes);
}, 600_000);
afterAll(async () => lab.down());

/** By daemon process: what it used, from its first look to its last. */
const lives = new Map<string, DaemonUse[]>();

async function measureDaemons(): Promise<void> {
  for (const node of nodes) {
    const use = await daemonUse(lab, node);
    lives.set(use.life, [...(lives.get(use.life) ?? []), use]);
  }
}

it(`${kills} failures in a row, each node in its turn, heal by themselves: one rebuild each, and nothing else is touched`, async () => {
  await measureDaemons();
  let tries = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const node = nodes[kill % nodes.length] ?? 'webbox1';
    const survivors = nodes.filter((each) => each !== node);
    const old = await lab.vm(node);
    const before = lab.operations().length;
    const told = new Map<string, number>();
    for (const survivor of survivors) told.set(survivor, await lastEvent(lab, survivor));
    const began = performance.now();
    await lab.kill(node);
    const fresh = await replaced(lab, old);
    const seconds = (performance.now() - began) / 1000;
    await allHealthy(lab, nodes);
    expect(deedsOn(lab.operations().slice(before))).toEqual(oneRebuild(old, fresh));
    const types: string[] = [];
    for (const survivor of survivors)
      types.push(...(await storyOf(lab, survivor, node, told.get(survivor))).map(({ type }) => type));
    expect(types.filter((type) => type === 'rebuild.rebuilt')).toHaveLength(1);
    expect(types.filter((type) => type === 'rebuild.fenced')).toHaveLength(1);
    const here = types.filter((type) => type === 'rebuild.requested').length;
    tries += here;
    await measureDaemons();
    console.log(`kill ${kill + 1} of ${kills}: ${node} certified anew after ${seconds.toFixed(1)} s, ${here} run(s)`);
  }
  console.log(`${tries} runs for ${kills} rebuilds: ${tries - kills} ended before the fence`);
  for (const [life, uses] of lives)
    console.log(
      `${life}: RSS ${uses.map((use) => use.rssMb).join(' ')} MB, open files ${uses.map((use) => use.openFiles).join(' ')}`,
    );
  for (const [life, uses] of lives) {
    const [first, last] = [uses[0], uses.at(-1)];
    if (first === undefined || last === undefined) continue;
    expect(last.openFiles - first.openFiles, `open files of ${life}`).toBeLessThanOrEqual(4);
    expect(last.rssMb, `memory of ${life}`).toBeLessThan(200);
  }
  expectClaimsClosed(await lab.state());
}, 7_200_000);
