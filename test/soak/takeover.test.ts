import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminController, rebuild } from '../e2e/controllers.ts';
import { expectNothingLeft, killAtTask } from '../e2e/crash.ts';
import { eventually, Lab } from '../lab/lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({ nodes: 2, leaseSeconds: 5 });
}, 600_000);
afterAll(async () => lab.down());

it('a controller that never comes back is taken over by another one, after D by its own clock and not before', async () => {
  const shortD = (text: string): string =>
    text
      .replace(/deadline: \S+,/, 'deadline: 120s,')
      .replace(/upload_lease: \S+,/, 'upload_lease: 6s,')
      .replace(/slowest_operation: \S+,/, 'slowest_operation: 4s,');
  const dead = await adminController(lab, 'dead', shortD);
  const survivor = await adminController(lab, 'survivor', shortD);
  const old = await lab.vm('webbox2');
  await lab.kill('webbox2');
  await killAtTask(lab, dead, 'webbox2', 'Copy the image', 'group');

  const firstSeen = performance.now();
  expect(await rebuild(lab, 'webbox2', { config: survivor })).toMatchObject({
    outcome: 'in_progress_elsewhere',
    exitCode: 7,
  });
  const answer = await eventually('the survivor takes over', 300_000, async () => {
    const again = await rebuild(lab, 'webbox2', { config: survivor });
    return again.outcome === 'in_progress_elsewhere' ? undefined : again;
  });
  expect(answer).toMatchObject({ outcome: 'rebuilt', exitCode: 0 });
  expect(performance.now() - firstSeen).toBeGreaterThan(130_000);
  expect((await lab.vm('webbox2')).instance_uuid).not.toBe(old.instance_uuid);
  await expectNothingLeft(lab, survivor, 'webbox2');
}, 900_000);
