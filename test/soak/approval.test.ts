import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventually, Lab } from '../lab/lab.ts';
import { allHealthy, deedsOn, oneRebuild, replaced, reportOf } from '../e2e/healing.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3'] as const;
const survivors = ['webbox1', 'webbox2'] as const;
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({
    nodes: 3,
    daemons: true,
    edit: (text) => text.replace(/^safety: \{/m, 'safety: {mode: approve, '),
  });
  await allHealthy(lab, nodes);
}, 600_000);
afterAll(async () => lab.down());

/** The run by which that daemon asks a person about webbox3. */
async function waitingRun(node: string): Promise<string> {
  return eventually(`a run waits on ${node}`, 120_000, async () => {
    const report = await reportOf(lab, node);
    const holds = report?.nodes.find(({ name }) => name === 'webbox3')?.holds ?? [];
    return /regrow approve (\w+)/.exec(holds.find(({ gate }) => gate === 'approval')?.message ?? '')?.[1];
  });
}

describe('a pool in mode approve', () => {
  it('touches nothing before a person approved, and then rebuilds the node once, by the one that was asked', async () => {
    const old = await lab.vm('webbox3');
    const before = lab.operations().length;
    await lab.kill('webbox3');
    await waitingRun('webbox1');
    const run = await waitingRun('webbox2');
    expect(deedsOn(lab.operations().slice(before))).toEqual([]);

    const answer = await lab.exec('webbox2', ['regrow', 'approve', run, '--reason', 'go on', '--json']);
    expect(z.object({ status: z.string() }).parse(JSON.parse(answer.stdout))).toEqual({ status: 'approved' });
    const fresh = await replaced(lab, old);
    await allHealthy(lab, nodes);
    expect(deedsOn(lab.operations().slice(before))).toEqual(oneRebuild(old, fresh));
    for (const node of survivors) {
      const told = (await lab.events(node)).filter((event) => event.node === 'webbox3').map(({ type }) => type);
      expect(told).toContain(node === 'webbox2' ? 'rebuild.rebuilt' : 'rebuild.cancelled');
    }
  }, 300_000);
});
