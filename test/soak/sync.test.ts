import { execFileSync } from 'node:child_process';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventually, Lab } from '../lab/lab.ts';
import { ownImage, said, Sender, slowDown, sumOn } from './syncing.ts';

const port = 8461;
const syncCheck =
  'sync: {type: playbook, playbook: sync_files.yml, interval: 10s, timeout: 10m, failures: 2, on_failure: alert}';
const checkSchema = z.object({
  name: z.string(),
  verdict: z.string(),
});
const statusSchema = z.object({ nodes: z.array(z.object({ name: z.string(), checks: z.array(checkSchema) })) });
const eventsSchema = z.object({
  events: z.array(
    z.object({
      id: z.number(),
      node: z.string().nullable(),
      type: z.string(),
      data: z.record(z.string(), z.unknown()),
    }),
  ),
});
const counts = (process.env['REGROW_SYNC_NODES'] ?? '3,20').split(',').map(Number);
/** What no sync may touch: a machine's configuration with its own checks, and its keys. */
const ownFiles = 'cd /etc && cat regrow/* ssh/*key* /root/.ssh/* machine-id hostname | sha256sum';
const longAgo = new Date('2020-01-01T00:00:00Z');

describe.each(counts)('a sync of %i nodes', (count) => {
  const nodes = Array.from({ length: count }, (_, index) => `webbox${index + 1}`);
  const [blocked = '', slow = '', ...others] = nodes;
  const down = others.at(-1) ?? '';
  const plain = others.slice(0, -1);
  const alive = [blocked, slow, ...plain];
  const arrivesWithinMs = 240_000 + count * 20_000;
  let lab: Lab;

  beforeAll(
    async () => {
      lab = await Lab.up({ nodes: count });
      await lab.kill(down);
    },
    300_000 + count * 120_000,
  );
  afterAll(async () => lab.down());

  const eachAlive = async (script: string): Promise<readonly string[]> =>
    Promise.all(alive.map((node) => said(lab, node, script)));

  it(
    'gives each node what it lacks: one that is down, slow, or has something in the way holds up nobody',
    async () => {
      const attributes = 'owner: daemon, group: adm, mode: "0640"';
      const sender = await Sender.make(lab, 'files', [
        { name: 'kept' },
        { name: 'newer', more: `${attributes}, service: lab-web, update: newer` },
        { name: 'blocked' },
        { name: 'large', more: attributes },
      ]);
      const { shared } = sender;
      sender.write('kept', 'of the admin host');
      const newer = sender.write('newer', 'new settings');
      sender.write('blocked', 'a file');
      // It takes the slow one longer than all others together.
      const large = sender.write('large', randomBytes((count > 3 ? 8 : 1) * 1024 * 1024));
      const older = `mkdir -p ${shared}/blocked && echo mine | tee ${shared}/kept ${shared}/newer >${shared}/blocked/mine && touch -d 2020-01-01 ${shared}/newer`;
      await said(lab, blocked, older);
      const before = await eachAlive(`cat /run/lab-web.pid; ${ownFiles}`);
      await slowDown(lab, slow, 128);

      const answer = sender.sync();
      await eventually('all but the slow one have the large file', 180_000 + count * 20_000, async () => {
        const sums = await Promise.all([blocked, ...plain].map((node) => sumOn(lab, node, `${shared}/large`)));
        return sums.every((sum) => sum === large) ? true : undefined;
      });
      expect(await sumOn(lab, slow, `${shared}/large`)).toBe('');
      await slowDown(lab, slow, null);

      const { nodes: results, exitCode } = await answer;
      const all = ['kept', 'newer', 'blocked', 'large'].map((name) => join(shared, name));
      const wanted = Object.fromEntries([
        ...[slow, ...plain].map((node) => [node, { outcome: 'synced', sent: all, message: null }]),
        [
          blocked,
          { outcome: 'failed', sent: [all[1], all[3]], message: expect.stringContaining(`${all[2]} is in the way`) },
        ],
        [down, { outcome: 'unreachable', sent: [] }],
      ]);
      expect(Object.fromEntries(results.map(({ node, ...result }) => [node, result]))).toMatchObject(wanted);
      expect(exitCode).toBe(6);

      expect(await said(lab, blocked, `cd ${shared} && cat kept blocked/mine && stat -c %F blocked`)).toBe(
        'mine\nmine\ndirectory',
      );
      for (const node of alive) {
        expect(await sumOn(lab, node, `${shared}/newer`)).toBe(newer);
        expect(await said(lab, node, `cd ${shared} && stat -c '%U %G %a' newer large`)).toBe(
          'daemon adm 640\ndaemon adm 640',
        );
        expect(await said(lab, node, `ls -A ${shared} | sort`)).toBe('blocked\nkept\nlarge\nnewer');
      }
      const after = await eachAlive(`cat /run/lab-web.pid; ${ownFiles}`);
      after.forEach((text, index) => {
        const [pid, own] = text.split('\n');
        const [oldPid, oldOwn] = (before[index] ?? '').split('\n');
        expect(own).toBe(oldOwn);
        expect(pid).not.toBe(oldPid);
      });

      await said(lab, blocked, `rm -r ${shared}/blocked; touch -d 2100-01-01 ${shared}/newer`);
      const second = await sender.sync(...alive);
      expect(second.exitCode).toBe(0);
      expect(second.nodes.map(({ node, sent }) => [node, sent])).toEqual(
        alive.map((node) => [node, node === blocked ? [all[2]] : []]),
      );
      expect((await eachAlive('cat /run/lab-web.pid')).join()).toBe(after.map((text) => text.split('\n')[0]).join());
    },
    1_200_000 + count * 90_000,
  );

  it(
    'as a check raises an alert for the nodes that it fails for, after so many failures as configured, and once',
    async () => {
      const sender = await Sender.make(lab, 'check', [{ name: 'file' }], {
        edit: (text) =>
          text
            .replace('\nremediation:', `\n  ${syncCheck}\nremediation:`)
            .replace('safety: {', 'safety: {mode: dry-run, ')
            .replace('listen: 0.0.0.0:8460', `listen: 127.0.0.1:${port}`),
      });
      sender.write('file', 'a file');
      await said(lab, blocked, `mkdir -p ${sender.shared}/file`);
      await sender.watching(port, async (ask) => {
        await eventually('every node was tried, and two of them often enough', 500_000 + count * 60_000, async () => {
          const { nodes: seen } = statusSchema.parse(await ask('/v1/status').catch(() => ({ nodes: [] })));
          const isTold = seen.map(({ name, checks }) => {
            const [check] = checks.filter((each) => each.name === 'sync');
            const isWell = name !== blocked && name !== down;
            return check?.verdict === (isWell ? 'healthy' : 'unhealthy');
          });
          return isTold.length === count && isTold.every(Boolean) ? true : undefined;
        });
        const { events } = eventsSchema.parse(await ask('/v1/events?limit=1000'));
        const ofSync = events.filter(
          ({ type, data }) => type === 'alert.raised' && String(data['text']).includes('sync'),
        );
        expect(ofSync).toHaveLength(2);
        expect(new Set(ofSync.map(({ node }) => node))).toEqual(new Set([blocked, down]));
        for (const { id, node } of ofSync) {
          const before = events.filter((event) => event.node === node && event.id < id).map(({ data }) => data);
          expect(before).toContainEqual(expect.objectContaining({ check: 'sync', failures: 1 }));
        }
      });
    },
    1_200_000 + count * 90_000,
  );

  it(
    'that is killed by SIGKILL leaves no torn file on any node, and the next one completes and reloads',
    async () => {
      const sender = await Sender.make(lab, 'killed', [
        { name: 'first', more: 'mode: "0644", service: lab-web, update: newer' },
        { name: 'large', more: 'mode: "0644", update: newer' },
      ]);
      const path = join(sender.shared, 'large');
      const old = sender.write('large', randomBytes(64 * 1024));
      sender.write('first', 'old');
      for (const name of ['large', 'first']) utimesSync(join(sender.shared, name), longAgo, longAgo);
      expect((await sender.sync(...alive)).exitCode).toBe(0);
      const pids = await eachAlive('cat /run/lab-web.pid');

      const fresh = sender.write('large', randomBytes(8 * 1024 * 1024));
      const first = sender.write('first', 'new');
      for (const node of alive) await slowDown(lab, node, 4096);
      await sender.killedWhen('a part of the large file has arrived', arrivesWithinMs, async () => {
        for (const node of alive) expect([old, fresh]).toContain(await sumOn(lab, node, path));
        const parts = await eachAlive(`find ${sender.shared} -name '.large.*' -size +200k`);
        return parts.some((part) => part !== '');
      });
      expect(await eachAlive('cat /run/lab-web.pid')).toEqual(pids);
      for (const node of alive) {
        expect([old, fresh]).toContain(await sumOn(lab, node, path));
        await slowDown(lab, node, null);
      }
      expect((await sender.sync(...alive)).exitCode).toBe(0);
      for (const node of alive) {
        expect(await sumOn(lab, node, path)).toBe(fresh);
        expect(await sumOn(lab, node, join(sender.shared, 'first'))).toBe(first);
        expect(await said(lab, node, `ls -A ${sender.shared} | sort`)).toBe('first\nlarge');
      }
      const reloaded = await eachAlive('cat /run/lab-web.pid');
      reloaded.forEach((pid, index) => expect(pid).not.toBe(pids[index]));
    },
    1_200_000 + count * 90_000,
  );

  it(
    'carries a newer image no faster than allowed; killed in its middle, every node has the old one or the new one whole',
    async () => {
      const [megabytes, limit] = [16, 2];
      const sender = await Sender.make(lab, 'image', [], {
        image: `bandwidth: ${limit}MiB`,
        edit: ownImage(lab, 'image'),
      });
      const fresh = sender.newImage(megabytes);
      const images = '/var/lib/regrow/image';
      const whole = `cd ${images} && [ ! -e .incomplete ] && sha256sum coreimage-disk1.vmdk && sed -n 's/^SHA256(coreimage-disk1.vmdk)= //p' coreimage.mf`;
      const isWhole = async (node: string): Promise<string> => {
        const [disk = '', listed] = (await said(lab, node, whole)).split('\n');
        expect(disk.slice(0, 64)).toBe(listed);
        return disk.slice(0, 64);
      };
      await sender.killedWhen('a part of the image has arrived', arrivesWithinMs, async () => {
        const parts = await eachAlive(`find ${images}/.arriving-* -type f -size +200k 2>/dev/null`);
        return parts.some((part) => part !== '');
      });
      for (const node of alive) await isWhole(node);

      const [one = ''] = alive;
      await said(lab, one, `rm -r ${images}/.arriving-*`);
      const began = performance.now();
      expect(await sender.sync(one)).toMatchObject({ exitCode: 0, nodes: [{ image: 'sent' }] });
      expect(performance.now() - began).toBeGreaterThan((megabytes / limit) * 0.9 * 1000);
      expect(await sender.sync(...alive)).toMatchObject({ exitCode: 0 });
      for (const node of alive) {
        expect(await isWhole(node)).toBe(fresh);
        expect(await said(lab, node, `ls -A ${images} | sort`)).toBe(
          '.arriving.lock\n.lock\ncoreimage-disk1.vmdk\ncoreimage.mf\ncoreimage.ovf',
        );
      }
      const states = (await sender.sync(...alive)).nodes.map(({ image }) => image);
      expect(new Set(states)).toEqual(new Set(['up to date']));

      execFileSync('touch', ['-d', '2020-01-01', sender.ovf]);
      await said(lab, one, `touch ${images}/.incomplete`);
      const older = await sender.sync(...alive.slice(0, 2));
      expect(older.nodes.map(({ image }) => image)).toEqual([
        'under construction on the node, and left alone',
        'the node has a newer one',
      ]);
    },
    1_200_000 + count * 90_000,
  );
});
