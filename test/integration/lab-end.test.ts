import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { eventually, Lab } from '../lab/lab.ts';
import { alive, Stage } from '../lab/stage.ts';

describe('the end of the lab', () => {
  const stage = new Stage();

  /** All that a lab could leave on this machine. */
  async function remains(): Promise<string[]> {
    const left: string[] = [];
    const { stdout: spaces } = await execa('ip', ['netns', 'list']);
    left.push(...spaces.split('\n').filter((l) => l.startsWith('rg')));
    const { stdout: links } = await execa('ip', ['-o', 'link']);
    left.push(...links.split('\n').filter((l) => /: rg/.test(l)));
    left.push(
      ...readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .filter((l) => l.includes(stage.lab.dir) || l.startsWith('rg-')),
    );
    for (const pid of readdirSync('/proc').filter((e) => /^\d+$/.test(e))) {
      try {
        const text = readFileSync(`/proc/${pid}/environ`, 'utf8') + readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        const ours = text.includes(`REGROW_LAB=${stage.lab.dir}\0`) || text.includes(`-dir\0${stage.lab.dir}\0`);
        if (ours) left.push(`process ${pid}: ${text.slice(0, 80)}`);
      } catch {
        // the process ended meanwhile
      }
    }
    const space = statSync('/proc/self/ns/net').ino;
    const files = [stage.lab.dir, `/run/regrow-lab.${space}.dir`, `/run/regrow-lab.${space}.lock`];
    left.push(...files.filter((p) => existsSync(p)));
    return left;
  }

  it('comes only when the lab is ended: a second lab is refused', async () => {
    await stage.start();
    await expect(Lab.up({ bootstrap: false })).rejects.toThrow('a lab runs already');
    expect(await stage.vsphere.value('list_vms')).toEqual([]);
    await stage.end();
  });

  it('takes along the runs that a dead controller has left on this machine', async () => {
    await stage.start();
    const env = { REGROW_EVENTS: join(stage.lab.dir, 'admin/runs/1/events.jsonl') };
    const left = execa('sleep', ['600'], { env, reject: false });
    await stage.end();
    expect((await left).signal).toBe('SIGKILL');
  });

  it('leaves nothing on this machine, also a second time', async () => {
    await stage.start();
    await stage.node('webbox1');
    expect(await remains()).not.toEqual([]);
    await stage.end();
    expect(await remains()).toEqual([]);
    await stage.lab.down();
    expect(await remains()).toEqual([]);
  });

  it('takes the guests along when vCenter crashes, and the next lab starts on what is left', async () => {
    await stage.start();
    await stage.node('webbox1');
    const guest = (await stage.lab.vm('webbox1')).pid;
    stage.vsphere.close();
    const pids = readFileSync(join(stage.lab.dir, 'pids'), 'utf8');
    process.kill(Number(/^vcenter (\d+)/m.exec(pids)?.[1]), 'SIGKILL');
    await eventually('the guest is gone', 5_000, async () => (alive(guest) ? undefined : true));
    await stage.start();
    await stage.node('webbox1');
    await stage.end();
    expect(await remains()).toEqual([]);
  });
});
