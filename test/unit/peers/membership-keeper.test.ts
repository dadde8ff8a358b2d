import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/config/membership.ts';
import { MembershipKeeper } from '../../../src/peers/membership-keeper.ts';
import { answered, Controller, Network } from './controllers.ts';
import { recordOf } from './pool-of-records.ts';

async function threeWith(nodes: string) {
  const network = new Network();
  const one = await Controller.start('web1', nodes, network);
  const two = await Controller.start('web2', nodes, network);
  const three = await Controller.start('web3', nodes, network);
  return { network, one, two, three, all: [one, two, three] };
}

const threeNodes = 'web1, web2, web3';

describe('three controllers that reach each other', () => {
  it('begin alike, and say nothing, when they were installed alike', async () => {
    const { all } = await threeWith(threeNodes);
    for (const each of all)
      expect(await each.keeper.exchange()).toMatchObject({ asked: 2, answered: 2, adopted: null });
    for (const each of all) expect(each).toMatchObject({ sees: [0, 'web1 web2 web3'], events: [], conflicts: [] });
  });

  it('hear of a node that was added on one of them, and of one that was taken out on another', async () => {
    const { one, two, three, all } = await threeWith(threeNodes);
    await one.edit(`${threeNodes}, {name: web4, vm: {memory: 2GiB}}`);
    expect(one.journalled('membership.published')).toMatchObject([{ version: 1, added: ['web4'], removed: [] }]);
    await two.keeper.exchange();
    await three.keeper.exchange();
    for (const each of all) expect(each.sees).toEqual([1, 'web1 web2 web3 web4']);
    expect(three.loaded.config.pool.nodes.at(-1)).toEqual({ name: 'web4', vm: { memory: 2 ** 31 } });

    await two.edit('web1, web2, {name: web4, vm: {memory: 2GiB}}');
    await one.keeper.exchange();
    await three.keeper.exchange();
    for (const each of all) expect(each.sees).toEqual([2, 'web1 web2 web4']);
    expect(three.journalled('membership.adopted')).toMatchObject([
      { version: 1, by: 'web1', added: ['web4'], removed: [], changed: [] },
      { version: 2, by: 'web2', added: [], removed: ['web3'], changed: [] },
    ]);
    // Nobody's own file is touched, and what holds survives a restart.
    expect(readFileSync(join(one.folder, 'regrow.yml'), 'utf8')).toContain(threeNodes);
    await one.reload();
    expect(one.sees).toEqual([2, 'web1 web2 web4']);
  });

  it('pass on what they adopted: the publisher may be down', async () => {
    const { network, one, two, three } = await threeWith(threeNodes);
    await one.edit(`${threeNodes}, web4`);
    await two.keeper.exchange();
    network.replies.set('web1', { kind: 'silent', reason: 'ECONNREFUSED' });
    expect(await three.keeper.exchange()).toMatchObject({ asked: 2, answered: 1, adopted: { version: 1, by: 'web1' } });
  });

  it('show a conflict on every side once, keep what they have, and end it by one more edit', async () => {
    const { one, two, three, all } = await threeWith(threeNodes);
    await one.edit(`${threeNodes}, web4`);
    await two.edit('web1, web2');
    for (const each of [one, two, three, one, two, three]) await each.keeper.exchange();
    expect([one.sees, two.sees, three.sees]).toEqual([
      [1, 'web1 web2 web3 web4'],
      [1, 'web1 web2'],
      [0, 'web1 web2 web3'],
    ]);
    const texts = all.map((each) => each.keeper.report.conflict);
    expect(texts[0]).toMatch(/^version 1 was published with different nodes: web[12] has web1/);
    expect(texts).toEqual([texts[0], texts[0], texts[0]]);
    for (const each of all) expect(each.journalled('membership.conflict')).toEqual([{ version: 1, text: texts[0] }]);

    await two.edit('web1, web2, web4');
    expect(two.keeper.report).toEqual({ version: 2, by: 'web2', conflict: null });
    for (const each of all) await each.keeper.exchange();
    for (const each of all) {
      expect(each.sees).toEqual([2, 'web1 web2 web4']);
      expect(each.conflicts).toEqual([expect.objectContaining({ version: 1 }), null]);
      expect(each.journalled('membership.agreed')).toHaveLength(1);
    }
  });

  it('do not take a side because the other one is silent', async () => {
    const { network, one, two, three } = await threeWith(threeNodes);
    await one.edit(`${threeNodes}, web4`);
    await two.edit(`${threeNodes}, web5`);
    await three.keeper.exchange();
    network.replies.set('web1', { kind: 'silent', reason: 'ETIMEDOUT' });
    expect(await three.keeper.exchange()).toMatchObject({ adopted: null, conflict: { version: 1 } });
    expect(three.journalled('membership.conflict')).toHaveLength(1);
  });

  it('that were installed with different nodes show that, too', async () => {
    const network = new Network();
    const one = await Controller.start('web1', 'web1, web2', network);
    const two = await Controller.start('web2', 'web1, web2, web3', network);
    await one.keeper.exchange();
    await two.keeper.exchange();
    expect(one.keeper.report.conflict).toContain('version 0 was published with different nodes');
    expect(two.keeper.report.conflict).toBe(one.keeper.report.conflict);
    await one.edit('web1, web2, web3');
    await two.keeper.exchange();
    expect([one.keeper.report, two.keeper.report]).toEqual([
      { version: 1, by: 'web1', conflict: null },
      { version: 1, by: 'web1', conflict: null },
    ]);
  });
});

describe('a controller', () => {
  it('that was just built with the nodes of its builder adopts the version that its peers have', async () => {
    const { network, one } = await threeWith(threeNodes);
    await one.edit(`${threeNodes}, web4`);
    const four = await Controller.start('web4', `${threeNodes}, web4`, network);
    await four.keeper.exchange();
    expect(four.sees).toEqual([1, 'web1 web2 web3 web4']);
    expect(four.events).toMatchObject([{ type: 'membership.adopted', data: { added: [], removed: [], changed: [] } }]);
  });

  it('that was taken out sees no node of its own, asks on, and cannot put itself back', async () => {
    const { one, three } = await threeWith(threeNodes);
    await one.edit('web1, web2');
    await three.keeper.exchange();
    await three.edit('web1, web2, web3, web4');
    expect(three.sees).toEqual([1, 'web1 web2']);
    expect(three.journalled('membership.overruled')).toMatchObject([{ version: 1, removed: ['web3', 'web4'] }]);
    await one.edit('web1, web2, web3');
    await three.keeper.exchange();
    expect(three.sees).toEqual([2, 'web1 web2 web3']);
  });

  it('that is an admin host adopts, and publishes nothing', async () => {
    const { network, one } = await threeWith(threeNodes);
    const admin = await Controller.start('admin', threeNodes, network);
    await admin.edit(`${threeNodes}, web9`);
    expect(admin).toMatchObject({ sees: [0, 'web1 web2 web3 web9'], events: [] });
    await one.edit(`${threeNodes}, web4`);
    await admin.keeper.exchange();
    expect(admin.sees).toEqual([1, 'web1 web2 web3 web4']);
  });

  it('whose record was torn goes on with regrow.yml, says so once, and adopts the newest again', async () => {
    const { one, two } = await threeWith(threeNodes);
    await one.edit(`${threeNodes}, web4`);
    await two.keeper.exchange();
    writeFileSync(join(two.folder, 'membership.json'), '{"version": 1, "by"');
    await two.reload();
    expect(two.sees).toEqual([0, 'web1 web2 web3']);
    expect(two.journalled('membership.failed')).toMatchObject([{ reason: expect.stringContaining('not JSON') }]);
    await two.keeper.exchange();
    expect(two.sees).toEqual([1, 'web1 web2 web3 web4']);
    expect(two.journalled('membership.failed')).toHaveLength(1);
  });

  it('that cannot write its record says so once, changes nothing, and does it when it can', async () => {
    const { one, two } = await threeWith(threeNodes);
    // A folder where the draft belongs stops the writing, also for root.
    const draft = join(two.folder, `membership.json.${process.pid}.new`);
    mkdirSync(draft);
    await one.edit(`${threeNodes}, web4`);
    await two.keeper.exchange();
    await two.keeper.exchange();
    expect(two.sees).toEqual([0, 'web1 web2 web3']);
    expect(two.journalled('membership.failed')).toMatchObject([{ reason: expect.stringContaining('EISDIR') }]);
    rmSync(draft, { recursive: true });
    await two.keeper.exchange();
    expect(two.sees).toEqual([1, 'web1 web2 web3 web4']);
  });

  it('of a large pool asks sixteen at once', async () => {
    const { one } = await threeWith(threeNodes);
    let [asking, most] = [0, 0];
    const keeper = new MembershipKeeper({
      stateDir: one.folder,
      builder: 'web1',
      loaded: () => one.loaded.membership,
      peers: () => Array.from({ length: 40 }, (_, index) => ({ name: `web${index + 2}`, address: '127.0.0.1' })),
      ask: async () => {
        most = Math.max(most, (asking += 1));
        await immediate();
        asking -= 1;
        return { kind: 'silent', reason: 'ETIMEDOUT' };
      },
      now: () => new Date(0),
      journal: () => {},
      onAdopted: () => {},
      onConflict: () => {},
    });
    expect(await keeper.exchange()).toEqual({ asked: 40, answered: 0, adopted: null, conflict: null });
    expect(most).toBe(16);
  });

  it('that is asked to exchange while it does so does it once', async () => {
    const { one } = await threeWith(threeNodes);
    const [first, second] = await Promise.all([one.keeper.exchange(), one.keeper.exchange()]);
    expect(second).toBe(first);
  });
});

describe('a peer that sends what must not hold', () => {
  const bad = {
    'an unsafe name': recordOf(9, ['web1', 'web/../2']),
    'a node twice': recordOf(9, ['web1', 'web2', 'web2']),
    'two places for one node': recordOf(9, ['web1', { name: 'web2', vcenter: { cluster: 'a', esxi_hostname: 'b' } }]),
    'another pool': { ...recordOf(9, ['web1']), pool: 'db' },
    'a command': recordOf(9, ['web1', { name: 'web2', checks: { x: { type: 'command', command: ['/bin/sh'] } } }]),
    'a file to read': recordOf(9, ['web1', { name: 'web2', image: { properties: { motd: { file: '/etc/shadow' } } } }]),
    'an action': recordOf(9, ['web1', { name: 'web2', checks: { ping: { on_failure: { exec: ['/bin/sh'] } } } }]),
  };

  it.each(Object.entries(bad))('is refused with %s, journalled once, and hides no good one', async (_, record) => {
    const { network, one, two } = await threeWith(threeNodes);
    await two.edit(`${threeNodes}, web4`);
    network.replies.set('web3', answered(record));
    await one.keeper.exchange();
    await one.keeper.exchange();
    expect(one.sees).toEqual([1, 'web1 web2 web3 web4']);
    expect(one.journalled('membership.refused')).toEqual([{ peer: 'web3', reason: expect.stringMatching(/\w{3}/) }]);
  });

  it('may change times of a check, and name a program that this machine runs already', async () => {
    const { network, one } = await threeWith(threeNodes);
    const checks = { ping: { interval: '5s' }, own: { type: 'command', command: ['/usr/bin/true'] } };
    network.replies.set('web3', answered(recordOf(2, ['web1', 'web2', { name: 'web3', checks }])));
    await one.keeper.exchange();
    expect(one.sees).toEqual([2, 'web1 web2 web3']);
    expect(one.loaded.config.pool.nodes.at(-1)).toEqual({ name: 'web3', checks });
  });

  it('is told of again when it has another fault, and its version is exceeded by the next edit', async () => {
    const { network, one } = await threeWith(threeNodes);
    network.replies.set('web3', { kind: 'refused', status: 401 });
    await one.keeper.exchange();
    network.replies.set('web3', answered(bad['a command']));
    await one.keeper.exchange();
    expect(one.journalled('membership.refused').map(({ reason }) => reason)).toEqual([
      expect.stringContaining('HTTP 401'),
      expect.stringContaining('brings a program or'),
    ]);
    await one.edit('web1, web2');
    expect(one.sees).toEqual([10, 'web1 web2']);
    expect(one.keeper.record?.basis).toBe(digestOf(['web1', 'web2']));
  });
});
