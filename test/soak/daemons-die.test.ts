import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectClaimsClosed } from '../e2e/claims.ts';
import { allHealthy, deedsOn, lastEvent, oneRebuild, replaced, reportOf, storyOf } from '../e2e/healing.ts';
import { eventually, Lab, type DaemonEvent } from '../lab/lab.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3'] as const;
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({ nodes: nodes.length, daemons: true });
  await allHealthy(lab, nodes);
}, 600_000);
afterAll(async () => lab.down());

interface Failure {
  readonly victim: string;
  readonly survivors: readonly string[];
  /** What the survivors have journalled of the victim since it died. */
  stories(): Promise<readonly (readonly DaemonEvent[])[]>;
}

/** One failure of a node, and what is done to the survivors' daemons meanwhile: one rebuild comes of it, and nobody acts twice. */
async function expectOneRebuild(victim: string, interfere: (failure: Failure) => Promise<void>): Promise<void> {
  const survivors = nodes.filter((node) => node !== victim);
  const old = await lab.vm(victim);
  const before = lab.operations().length;
  const since = new Map<string, number>();
  for (const survivor of survivors) since.set(survivor, await lastEvent(lab, survivor));
  const stories = async (): Promise<readonly (readonly DaemonEvent[])[]> =>
    Promise.all(survivors.map(async (each) => storyOf(lab, each, victim, since.get(each)).catch(() => [])));
  await lab.kill(victim);
  await interfere({ victim, survivors, stories });
  const fresh = await replaced(lab, old, 300_000);
  await allHealthy(lab, nodes, 240_000);
  expect(deedsOn(lab.operations().slice(before))).toEqual(oneRebuild(old, fresh));
  for (const story of await stories()) {
    expect(story.filter(({ type }) => type === 'fault.opened')).toHaveLength(1);
    expect(story.filter(({ type }) => type === 'fault.closed')).toHaveLength(1);
  }
  expectClaimsClosed(await lab.state());
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await eventually(what, 120_000, async () => ((await isSo()) ? true : undefined));
}

async function told(failure: Failure, type: string): Promise<void> {
  await until(`${type} of ${failure.victim}`, async () =>
    (await failure.stories()).some((story) => story.some((event) => event.type === type)),
  );
}

const moments: readonly (readonly [string, (failure: Failure) => Promise<void>])[] = [
  ['one suspects the node', async (failure) => told(failure, 'check.suspect')],
  ['one has judged the node', async (failure) => told(failure, 'fault.opened')],
  ['a run has been ordered', async (failure) => told(failure, 'rebuild.requested')],
  ['a run has the claim', async (failure) => told(failure, 'rebuild.claimed')],
  ['a run has fenced the old VM', async (failure) => told(failure, 'rebuild.fenced')],
  [
    'the other one sees that somebody rebuilds it',
    async ({ victim, survivors }) =>
      until('elsewhere', async () => {
        const reports = await Promise.all(survivors.map(async (node) => reportOf(lab, node)));
        const shown = reports.map((report) => report?.nodes.find(({ name }) => name === victim));
        return shown.some((node) => node?.state === 'remediating' && node.why.includes(' is rebuilding it'));
      }),
  ],
  ['the new VM is committed', async (failure) => told(failure, 'rebuild.committed')],
];

it.each(moments.map(([when, moment], index) => [when, nodes[index % nodes.length] ?? 'webbox1', moment] as const))(
  'every daemon killed when %s: the node (%s) is rebuilt once, nothing is forgotten',
  async (_when, victim, moment) => {
    await expectOneRebuild(victim, async (failure) => {
      await moment(failure);
      await Promise.all(failure.survivors.map(async (node) => lab.exec(node, ['pkill', '-KILL', '-f', 'main.js run'])));
    });
  },
);

it('a reload while a rebuild runs disturbs nothing', async () => {
  await expectOneRebuild('webbox2', async (failure) => {
    await told(failure, 'rebuild.claimed');
    for (const node of failure.survivors) {
      const { exitCode, stdout, stderr } = await lab.exec(node, ['regrow', 'config', 'reload']);
      expect(exitCode, stdout + stderr).toBe(0);
    }
  });
});

it.each(['fault.opened', 'rebuild.claimed'])(
  'daemons that stand still for 20 s after %s go on where they were',
  async (type) => {
    await expectOneRebuild('webbox3', async (failure) => {
      await told(failure, type);
      const signal = async (name: string): Promise<unknown> =>
        Promise.all(failure.survivors.map(async (node) => lab.exec(node, ['pkill', `-${name}`, '-f', 'main.js run'])));
      await signal('STOP');
      await delay(20_000);
      await signal('CONT');
    });
    for (const node of ['webbox1', 'webbox2'])
      expect((await lab.events(node)).filter(({ type: each }) => each === 'controller.stalled').length).toBeGreaterThan(
        0,
      );
  },
);
