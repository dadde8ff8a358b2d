import { z } from 'zod';
import { allHealthy } from '../test/e2e/healing.ts';
import type { DaemonEvent, Lab } from '../test/lab/lab.ts';
import { certified, did, freshMoid, killHalfACycleAfter, untilRecorded, type Healing } from './healing.ts';

const watchedSchema = z.object({
  nodes: z.array(
    z.object({ name: z.string(), checks: z.array(z.object({ last: z.object({ at: z.string() }).nullable() })) }),
  ),
});
const shownSchema = z.object({ steps: z.array(z.object({ step: z.string(), ended_at: z.string().nullable() })) });

/** Kills the node, and lets the daemons of the others rebuild it. */
export async function healAsWeDo(lab: Lab, names: readonly string[], node: string): Promise<Healing> {
  const survivors = names.filter((name) => name !== node);
  await allHealthy(lab, names, 600_000);
  const old = await lab.vm(node);
  const skip = lab.operations().length;
  const killedAt = await killHalfACycleAfter(lab, node, () => lastRound(lab, survivors[0] ?? '', node));
  const certifiedAt = await untilRecorded(lab, skip, 'a certified VM', certified(old.moid));
  const retiredAt = await untilRecorded(lab, skip, 'the old VM destroyed', did('destroy', old.moid));

  const fresh = freshMoid(lab, skip, old.moid);
  const { builder, story } = await storyOfBuilder(lab, survivors, node, killedAt);
  const phaseEnd = await phaseEnds(lab, builder, story.find(({ run }) => run !== null)?.run ?? '');
  return {
    killedAt,
    ends: {
      detect: timeOf(story, 'fault.opened'),
      decide: timeOf(story, 'rebuild.claimed'),
      fence: await untilRecorded(lab, skip, 'the old VM renamed', did('rename', old.moid)),
      deploy: await untilRecorded(lab, skip, 'the upload', did('upload_complete', fresh)),
      boot: timeOf(story, 'rebuild.addressed'),
      load: phaseEnd('load'),
      verify: phaseEnd('verify'),
      certify: certifiedAt,
      retire: retiredAt,
    },
  };
}

/** When the daemon measured the node last. All daemons on one machine measure at the same moments of its monotonic clock. */
async function lastRound(lab: Lab, observer: string, node: string): Promise<number | undefined> {
  const { nodes } = watchedSchema.parse(await lab.http(observer, '/v1/status'));
  const last = nodes.find(({ name }) => name === node)?.checks[0]?.last;
  return last ? Date.parse(last.at) : undefined;
}

async function storyOfBuilder(
  lab: Lab,
  survivors: readonly string[],
  node: string,
  since: number,
): Promise<{ readonly builder: string; readonly story: readonly DaemonEvent[] }> {
  for (const builder of survivors) {
    const told = await lab.events(builder);
    const story = told.filter((event) => event.node === node && Date.parse(event.at) >= since);
    if (story.some(({ type }) => type === 'rebuild.claimed')) return { builder, story };
  }
  throw new Error(`none of ${survivors.join(', ')} tells of a claim`);
}

function timeOf(story: readonly DaemonEvent[], type: string): number {
  const event = story.find((each) => each.type === type);
  if (event === undefined) throw new Error(`no event ${type}`);
  return Date.parse(event.at);
}

async function phaseEnds(lab: Lab, builder: string, run: string): Promise<(phase: string) => number> {
  const { exitCode, stdout, stderr } = await lab.exec(builder, ['regrow', 'show', run, '-o', 'json']);
  if (exitCode !== 0) throw new Error(`regrow show ${run}: exit code ${exitCode}\n${stderr}`);
  const { steps } = shownSchema.parse(JSON.parse(stdout));
  return (phase) => Date.parse(steps.find(({ step }) => step === phase)?.ended_at ?? '');
}
