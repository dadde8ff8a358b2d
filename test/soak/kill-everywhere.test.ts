import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminController, rebuild } from '../e2e/controllers.ts';
import { begunTasks, expectNothingLeft, killWhen, type BegunTask, type Casualty } from '../e2e/crash.ts';
import { Lab, type VmState } from '../lab/lab.ts';

/** Tasks that only order others; a kill there is a kill at the next one. */
const ordering = /\.(include_tasks|include_role|set_fact|meta|assert|set_stats)$/;
const casualties: readonly Casualty[] = ['group', 'controller'];

let lab: Lab;
let config: string;

beforeAll(async () => {
  lab = await Lab.up({ nodes: 2, leaseSeconds: 5 });
  config = await adminController(lab, 'crash', (text) => text.replace(/upload_lease: \S+,/, 'upload_lease: 6s,'));
}, 600_000);
afterAll(async () => lab.down());

async function tasksOfARebuild(): Promise<readonly BegunTask[]> {
  await lab.kill('webbox2');
  const { run, outcome } = await rebuild(lab, 'webbox2', { config });
  expect(outcome).toBe('rebuilt');
  return begunTasks(join(lab.dir, 'admin-crash/runs', run ?? '', 'events.jsonl'));
}

/** The node, dead; made whole first when an earlier round did not leave it so. */
async function brokenNode(): Promise<VmState> {
  const isWhole = (await lab.state()).vms.some(({ name, guest }) => name === 'webbox2' && guest === 'running');
  if (!isWhole) await rebuild(lab, 'webbox2', { config });
  const vm = await lab.vm('webbox2');
  await lab.kill('webbox2');
  return vm;
}

it(
  'a kill at any task of a rebuild is taken up by the next one, and nothing is left',
  async () => {
    const tasks = await tasksOfARebuild();
    const failures: string[] = [];
    for (const [index, task] of tasks.entries()) {
      if (!task.wasDone || ordering.test(task.action)) continue;
      for (const casualty of casualties) {
        const what = `task ${index + 1} of ${tasks.length} (${task.name}), ${casualty} killed`;
        try {
          const old = await brokenNode();
          await killWhen({ lab, config, node: 'webbox2', casualty }, what, (begun) => begun.length > index);
          const { outcome, class: failure, message } = await rebuild(lab, 'webbox2', { config });
          expect(['rebuilt', 'already_healthy', 'already_replaced'], `${failure}: ${message}`).toContain(outcome);
          expect((await lab.vm('webbox2')).instance_uuid).not.toBe(old.instance_uuid);
          await expectNothingLeft(lab, config, 'webbox2');
          console.log(`ok: ${what}: ${outcome}`);
        } catch (error) {
          failures.push(`${what}: ${String(error)}`);
          console.log(`FAILED: ${failures.at(-1)}`);
        }
      }
    }
    expect(failures).toEqual([]);
  },
  6 * 3_600_000,
);
