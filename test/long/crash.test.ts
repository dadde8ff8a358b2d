import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab } from '../lab/lab.ts';
import { adminController, rebuild } from '../e2e/controllers.ts';
import { expectNothingLeft, killAtTask, killWhen } from '../e2e/crash.ts';
import { hookPlaybook, type HookPlaybook } from '../e2e/hook-playbook.ts';

let lab: Lab;
let config: string;
let hook: HookPlaybook;

beforeAll(async () => {
  lab = await Lab.up({ nodes: 2, leaseSeconds: 5 });
  hook = hookPlaybook(lab, 'crash', `test -e ${join(lab.dir, 'hook-may-end')} || sleep 600`);
  config = await adminController(
    lab,
    'crash',
    (text) => `${text.replace(/upload_lease: \S+,/, 'upload_lease: 6s,')}hooks: {before_rebuild: [${hook.file}]}\n`,
  );
}, 500_000);
afterAll(async () => lab.down());

describe('a rebuild whose controller and run are killed', () => {
  it('in a hook has harmed nothing: no process of the hook is left, and the next one claims and runs the hook again', async () => {
    await lab.kill('webbox2');
    const old = await lab.vm('webbox2');
    const victim = { lab, config, node: 'webbox2', casualty: 'group' } as const;
    const killed = await killWhen(victim, 'the hook', () => hook.told().length === 1);
    expect(await lab.vm('webbox2')).toMatchObject({ moid: old.moid, power: 'poweredOn' });
    writeFileSync(join(lab.dir, 'hook-may-end'), '');
    expect(await rebuild(lab, 'webbox2', { config })).toMatchObject({ outcome: 'rebuilt' });
    expect(hook.told()).toMatchObject([{ rebuild_run: killed }, { node: 'webbox2' }]);
    await expectNothingLeft(lab, config, 'webbox2');
  });

  it.each([
    ['Deploy the VM from the image, powered off', 'rebuilt'],
    ['Write the certifying note', 'already_healthy'],
  ])('at "%s" is taken up by the next one: %s, and nothing is left', async (task, outcome) => {
    const old = await lab.vm('webbox2');
    await lab.kill('webbox2');
    const killed = await killAtTask(lab, config, 'webbox2', task, 'group');
    expect(await rebuild(lab, 'webbox2', { config })).toMatchObject({ outcome });
    expect((await lab.vm('webbox2')).instance_uuid).not.toBe(old.instance_uuid);
    await expectNothingLeft(lab, config, 'webbox2');
    const shown = await lab.regrow(['show', killed, '--json'], { config });
    expect(shown.stdout).toContain('interrupted');
  });
});

describe('a rebuild whose controller alone is killed', () => {
  it('goes on, and the next command follows it to its end', async () => {
    await lab.kill('webbox2');
    const run = await killAtTask(lab, config, 'webbox2', 'Power off exactly the judged VM', 'controller');
    expect(await rebuild(lab, 'webbox2', { config })).toMatchObject({ outcome: 'rebuilt', run });
    await expectNothingLeft(lab, config, 'webbox2');
  });
});
