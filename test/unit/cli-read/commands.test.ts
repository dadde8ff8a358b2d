import { join } from 'node:path';
import { JSON_SCHEMA, load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { outputOf } from '../../../src/cli/logs.ts';
import { journalView } from '../../../src/controller/journal-view.ts';
import { ask, served } from '../http/fake-controller.ts';
import { Machine } from './surroundings.ts';
import { Story } from './events.ts';

const seen = { instance_uuid: '5031c3d8-aaaa', address: '10.77.0.53', power: 'poweredOn', certified: true } as const;

describe('regrow status', () => {
  it('says that all nodes are healthy as vCenter has them, with address and identity, and exits with 0', async () => {
    const machine = machineWithHealthyNodes();
    const { exitCode, stdout } = await machine.regrow(['status', '--no-refresh']);
    expect(stdout).toMatch(/^3 of 3 nodes of web healthy\n/);
    expect(stdout).toMatch(/webbox1 +\S healthy +10\.77\.0\.53 +vm-1 .* nothing measures it\n/);
    expect(stdout).toMatch(/vCenter read \d s ago; no controller runs here/);
    expect(exitCode).toBe(0);
  });

  it('takes a terminal of 0 columns for one that does not know its size', async () => {
    const machine = machineWithHealthyNodes();
    const terminal = { isTTY: true, size: { columns: 0, rows: 0 }, env: { NO_COLOR: '1' } };
    const { stdout } = await machine.regrow(['status', '--no-refresh'], terminal);
    expect(stdout).toMatch(/^3 of 3 nodes of web healthy\n/);
    expect(stdout).toMatch(/\nwebbox1 .* vm-1 .* nothing measures it\n/);
  });

  it.each([
    ['missing', { moid: null }, 'faulted', 'no VM'],
    ['powered off', { power: 'poweredOff' }, 'faulted', 'powered off'],
    ['uncertified', { certified: false }, 'faulted', 'not certified'],
    ['without an address', { address: null }, 'faulted', 'no address'],
    ['without a heartbeat', { heartbeat: 'gray' }, 'unknown', 'no heartbeat'],
    ['on a lost host', { connection: 'disconnected', power: 'poweredOff' }, 'unknown', 'host'],
    ['not seen for an hour', { seen_at: minutesAgo(60) }, 'unknown', 'not seen'],
  ])('exits with 3 when a node is %s', async (_, change, state, why) => {
    const machine = machineWithHealthyNodes(change);
    const { exitCode, stdout } = await machine.regrow(['status', '--no-refresh', '--json']);
    expect(exitCode).toBe(3);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ pool: 'web', healthy: false, discovery: { ok: false, error: null } });
    expect(answer.nodes.map((node: { state: string }) => node.state)).toEqual(['healthy', 'healthy', state]);
    expect(answer.nodes[2].why).toContain(why);
  });

  it('knows nothing of a node that was never seen, and says so', async () => {
    const { exitCode, stdout } = await new Machine().regrow(['status', '--no-refresh']);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/webbox1 +\S unknown +- +- .*never seen/);
    expect(stdout).toContain('vCenter was not read yet');
    // There is nobody whom explain could ask.
    expect(stdout).toContain('Its checks, measured now: regrow probe node webbox1\n');
    expect(stdout).not.toContain('regrow explain');
  });

  it('shows the rebuild that goes on, and who paused what', async () => {
    const machine = machineWithHealthyNodes();
    machine.begun('00000000000001');
    machine.journal.runs.transition('00000000000001', 'running', { step: 'fence' });
    machine.journal.pauses.set({ scope: 'node/webbox2', reason: 'new disk', by: 'alice', at: minutesAgo(1) });
    const { exitCode, stdout } = await machine.regrow(['status', '--no-refresh']);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/webbox1 +\S remediating .* rebuild fence \(run 00000000000001\)/);
    expect(stdout).toMatch(/webbox2 +\S healthy \(paused\)/);
    expect(stdout).toContain('paused: webbox2 until it is resumed, by alice: new disk');
  });

  it('shows what the controller left open: a fault, and the storm brake', async () => {
    const machine = machineWithHealthyNodes();
    machine.journal.faults.save({
      node: 'webbox2',
      moid: 'vm-1',
      instance_uuid: '5031c3d8-aaaa',
      opened_at: minutesAgo(3),
      closed_at: null,
      state: 'exhausted',
      course: '{"kind":"exhausted"}',
      approval: null,
      acted: [],
      restores: {},
      unhealthy: ['ping'],
      abandoned: false,
      attempts: 3,
      last_attempt_at: minutesAgo(2),
    });
    machine.journal.events.append({
      at: minutesAgo(2),
      node: null,
      type: 'storm.tripped',
      data: { reason: 'too many' },
    });
    const { exitCode, stdout } = await machine.regrow(['status', '--no-refresh']);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/webbox2 +\S exhausted/);
    expect(stdout).toContain('storm brake tripped 2 m ago: too many');
  });

  it('has the JSON form of a controller, without a controller', async () => {
    const machine = machineWithHealthyNodes();
    const { url } = await served();
    const ofAController = JSON.parse((await ask(url, '/v1/status')).text);
    const { stdout } = await machine.regrow(['status', '--no-refresh', '--json']);
    const answer = JSON.parse(stdout);
    expect(Object.keys(answer).toSorted()).toEqual(Object.keys(ofAController).toSorted());
    expect(Object.keys(answer.nodes[0]).toSorted()).toEqual(Object.keys(ofAController.nodes[0]).toSorted());
    expect(answer.controller).toBeNull();
    expect(answer.nodes[0]).toMatchObject({
      name: 'webbox1',
      state: 'healthy',
      address: '10.77.0.53',
      moid: 'vm-1',
      instance_uuid: '5031c3d8-aaaa',
      power: 'poweredOn',
      heartbeat: 'green',
      certified: true,
      last_run: null,
    });
  });
});

describe('regrow history', () => {
  it('lists the runs that acted, newest first, and the readings only when asked', async () => {
    const machine = new Machine();
    const end = { ended_at: '2026-01-01T10:01:30.000Z' };
    machine.journal.runs.finish(machine.begun('00000000000001'), { ...end, outcome: 'failed', class: 'no_capacity' });
    machine.journal.runs.finish(machine.begun('00000000000002', { node: 'webbox2' }), { ...end, outcome: 'rebuilt' });
    machine.journal.runs.finish(machine.begun('00000000000003', { kind: 'discover', node: null }), {
      ...end,
      outcome: 'done',
    });
    const { stdout } = await machine.regrow(['history']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^00000000000002 +webbox2 +rebuild +01-01 \d\d:00 +1 m 30 s +rebuilt$/);
    expect(lines[2]).toMatch(/failed: no_capacity$/);
    expect((await machine.regrow(['history', '--all'])).stdout).toContain('discover');
    expect((await machine.regrow(['history', 'webbox2'])).stdout).not.toContain('webbox1');
    expect((await machine.regrow(['history', '-n', '1'])).stdout).not.toContain('webbox1');
    expect((await machine.regrow(['history', '--before', '00000000000002'])).stdout).not.toContain('webbox2');
  });

  it('refuses to begin before a run that is none', async () => {
    const machine = new Machine();
    machine.begun('0abc000000000a');
    machine.begun('0abd000000000b');
    expect(await machine.regrow(['history', '--before', 'zz'])).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('No run begins with "zz".'),
    });
    expect((await machine.regrow(['history', '--before', '0abd'])).stdout).not.toContain('0abd000000000b');
  });

  it('is as JSON and as YAML what the API tells of runs, and says where older ones begin', async () => {
    const machine = new Machine();
    machine.begun('00000000000001');
    machine.begun('00000000000002', { node: 'webbox2' });
    const { url } = await served(journalView(machine.journal, machine.stateDir));
    for (const [asked, path] of [
      [[], '/v1/runs'],
      [['-n', '1'], '/v1/runs?limit=1'],
      [['--before', '00000000000002'], '/v1/runs?before=00000000000002'],
      [['webbox2'], '/v1/runs?node=webbox2'],
    ] as const) {
      const told: unknown = JSON.parse((await ask(url, path)).text);
      expect(JSON.parse((await machine.regrow(['history', ...asked, '-o', 'json'])).stdout)).toEqual(told);
      expect(load((await machine.regrow(['history', ...asked, '-o', 'yaml'])).stdout, { schema: JSON_SCHEMA })).toEqual(
        told,
      );
    }
    expect(JSON.parse((await machine.regrow(['history', '-n', '1', '--json'])).stdout)).toMatchObject({
      runs: [{ id: '00000000000002', started_at: '2026-01-01T10:00:00.000Z', outcome: null }],
      next: '00000000000002',
    });
  });

  it('says of a run that waits for a person that it does', async () => {
    const machine = new Machine();
    machine.begun('00000000000001', { state: 'awaiting_approval' });
    expect((await machine.regrow(['history'])).stdout).toMatch(/ awaits approval\n$/);
  });

  it('refuses a node that nobody knows, and lists one that left the pool', async () => {
    const machine = new Machine();
    machine.begun('00000000000001', { node: 'retired' });
    expect(await machine.regrow(['history', 'retired'])).toMatchObject({ exitCode: 0 });
    expect(await machine.regrow(['history', 'webbox3'])).toMatchObject({ exitCode: 0, stdout: 'No runs yet.\n' });
    expect(await machine.regrow(['history', 'webbx3'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await machine.regrow(['history', '-n', '0'])).toMatchObject({ exitCode: 2 });
  });
});

describe('regrow show', () => {
  it('tells of a run: outcome, reason, identities, phases and tasks with times', async () => {
    const machine = new Machine();
    const id = machine.begun('00000000000001', { reason: 'disk is dying', force: true });
    const identities = {
      old_moid: 'vm-7',
      old_uuid: 'uuid-7',
      new_moid: 'vm-9',
      new_uuid: 'uuid-9',
      address: '10.77.0.60',
    };
    machine.journal.runs.transition(id, 'running', { incident: 'webbox1.abc', generation: 2, ...identities });
    machine.journal.runs.finish(id, { outcome: 'rebuilt', ended_at: '2026-01-01T10:01:30.000Z' });
    machine.told(
      id,
      new Story().task('fence', 'Power off', { seconds: 2 }).task('create', 'Deploy', { seconds: 30 }).stats().events,
    );
    machine.append(id, 'events.jsonl', '{"v":1,"torn');
    const { stdout, exitCode } = await machine.regrow(['show', 'last']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Run ${id}: rebuild of webbox1: rebuilt`);
    expect(stdout).toMatch(/asked +by operator on webbox2, forced: disk is dying/);
    expect(stdout).toMatch(/old VM +vm-7 {2}uuid-7/);
    expect(stdout).toMatch(/new VM +vm-9 {2}uuid-9 {2}10\.77\.0\.60/);
    expect(stdout).toMatch(/incident +webbox1\.abc, generation 2/);
    expect(stdout).toMatch(/create +2026-\S+ \d\d:00:02 +30 s +ok/);
    expect(stdout).toMatch(/fence +2\.0 s +ok +Power off/);
    expect(stdout).not.toContain('quarantine');

    const answer = JSON.parse((await machine.regrow(['show', id, '--json'])).stdout);
    const { url } = await served(journalView(machine.journal, machine.stateDir));
    const { steps, quarantine, output_log: log, changes, ...told } = answer;
    expect(told).toEqual(JSON.parse((await ask(url, `/v1/runs/${id}`)).text));
    expect({ quarantine, changes, log }).toEqual({
      quarantine: null,
      changes: [],
      log: expect.stringMatching(/output\.log$/),
    });
    expect(steps).toMatchObject([{ step: 'fence', result: 'ok' }, { step: 'create' }]);
    expect(answer).toMatchObject({ forced: true, incident: 'webbox1.abc', generation: 2 });
    expect(answer.tasks[0]).toEqual({
      step: 'fence',
      name: 'Power off',
      started_at: '2026-01-01T10:00:00.000Z',
      ended_at: '2026-01-01T10:00:02.000Z',
      outcome: 'ok',
      failed_hosts: [],
      retries: 0,
      message: null,
    });
  });

  it('tells of one that a gate refused why, by which gates, and names no output', async () => {
    const machine = new Machine();
    const id = machine.begun('00000000000002', { trigger: 'api' });
    const gates = [{ gate: 'quorum', holds: true, message: 'webbox3 sees it alive', facts: {} }];
    const decision = { type: 'decision', run: id, node: 'webbox1', data: { acts: false, gates } };
    machine.journal.events.append({ at: '2026-01-01T10:00:00.000Z', ...decision });
    machine.journal.runs.finish(id, {
      outcome: 'refused',
      gate: 'quorum',
      step: 'gates',
      ended_at: '2026-01-01T10:00:00.000Z',
    });
    const { stdout } = await machine.regrow(['show', 'last']);
    expect(stdout).toMatch(/^Run \S+: rebuild of webbox1: refused: quorum$/mu);
    expect(stdout).toMatch(/^Why it did not act, decided .*:$/mu);
    expect(stdout).toMatch(/^quorum +HOLDS +webbox3 sees it alive$/mu);
    expect(stdout).not.toContain('output.log');
  });

  it('says where the old VM stands after a failure past the fence, and how to bring it back, in the safe order', async () => {
    const machine = new Machine();
    failedAfterFence(machine, '00000000000001');
    const { stdout } = await machine.regrow(['show', '00000000000001']);
    const order = [
      /failed: address_timeout/,
      /The old VM stands in quarantine as webbox1\.q\.vm-7 \(vm-7\), powered off/,
      /regrow pause webbox1/,
      /each webbox1\.abc\.<g>\.claim has its\s+webbox1\.abc\.<g>\.end, and that every one of these is empty \(aborted\)/,
      /the runs are dead/,
      /Rename webbox1\.q\.vm-7 \(vm-7\) to webbox1/,
      /network adapters to connected/,
      /Power it on/,
    ].map((part) => stdout.search(part));
    expect(order).not.toContain(-1);
    expect(order.toSorted((a, b) => a - b)).toEqual(order);
    expect(
      Math.max(
        ...stdout
          .slice(stdout.indexOf('The old VM'))
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
  });

  it('does not advise to bring a VM back that a later run has replaced', async () => {
    const machine = new Machine();
    failedAfterFence(machine, '00000000000001');
    machine.journal.runs.finish(machine.begun('00000000000002'), { outcome: 'rebuilt', ended_at: 'x' });
    const { stdout } = await machine.regrow(['show', '00000000000001']);
    expect(stdout).toContain('Run 00000000000002 has rebuilt the node since');
    expect(stdout).not.toContain('Rename');
  });

  it.each([
    ['before the fence', new Story().task('look', 'Read', { e: 'failed' })],
    [
      'when the fence was not needed',
      new Story().task('fence', 'Off', { e: 'skipped' }).task('create', 'Deploy', { e: 'failed' }),
    ],
    [
      'after the certificate',
      new Story().task('fence', 'Off').task('certify', 'Write').task('retire', 'Destroy', { e: 'failed' }),
    ],
  ])('speaks of no quarantine when it failed %s', async (_, story) => {
    const machine = new Machine();
    failedAfterFence(machine, '00000000000001', story);
    expect(JSON.parse((await machine.regrow(['show', 'last', '--json'])).stdout).quarantine).toBeNull();
  });

  it.each([
    ['was gone before', 'rebuild.fenced', { gone: true, name: null }],
    ['was destroyed because there was no room for both', 'rebuild.destroyed', { step: 'fence' }],
    ['has a replacement that is committed', 'rebuild.committed', {}],
  ])('speaks of no quarantine when the old VM %s', async (_, type, data) => {
    const machine = new Machine();
    failedAfterFence(
      machine,
      '00000000000001',
      new Story().task('fence', 'Power off').task('create', 'Deploy', { e: 'failed' }),
    );
    machine.journal.events.append({ at: 't', run: '00000000000001', node: 'webbox1', type, data });
    expect(JSON.parse((await machine.regrow(['show', 'last', '--json'])).stdout).quarantine).toBeNull();
  });

  it('takes the word of the journal when the run folder is gone', async () => {
    const machine = new Machine();
    failedAfterFence(machine, '00000000000001', new Story());
    const data = { gone: false, name: 'webbox1.q.vm-7' };
    machine.journal.events.append({ at: 't', run: '00000000000001', node: 'webbox1', type: 'rebuild.fenced', data });
    expect(JSON.parse((await machine.regrow(['show', 'last', '--json'])).stdout).quarantine).toMatchObject({
      proven: true,
    });
  });

  it('says that it is not sure when the run was cut off in the middle of the fence', async () => {
    const machine = new Machine();
    const story = new Story();
    story.begin('fence', 'Power off');
    failedAfterFence(machine, '00000000000001', story);
    const { stdout } = await machine.regrow(['show', 'last']);
    expect(stdout.replaceAll('\n', ' ')).toContain('See whether webbox1.q.vm-7 (vm-7) is there');
    expect(JSON.parse((await machine.regrow(['show', 'last', '--json'])).stdout).quarantine).toMatchObject({
      proven: false,
    });
  });

  it('finds a run by the beginning of its id, and refuses what is none or several', async () => {
    const machine = new Machine();
    machine.begun('0abc000000000a');
    machine.begun('0abd000000000b');
    expect((await machine.regrow(['show', '0abd'])).stdout).toContain('0abd000000000b');
    expect(await machine.regrow(['show', '0ab'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Several runs'),
    });
    expect(await machine.regrow(['show', 'zz'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('No run begins'),
    });
    expect(await machine.regrow(['show', '../x'])).toMatchObject({ exitCode: 2 });
    expect(await new Machine().regrow(['show', 'last'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no run yet'),
    });
  });
});

describe('regrow logs', () => {
  it("prints a run's output as it is", async () => {
    const machine = new Machine();
    const id = machine.begun('00000000000001');
    machine.append(id, 'output.log', `PLAY [ü]\n${'x'.repeat(200_000)}\n`);
    const { stdout, exitCode } = await machine.regrow(['logs', 'last']);
    expect(stdout).toBe(`PLAY [ü]\n${'x'.repeat(200_000)}\n`);
    expect(exitCode).toBe(0);
    expect(JSON.parse((await machine.regrow(['logs', id, '--json'])).stdout)).toEqual({ run: id, output: stdout });
  });

  it('shows escapes of other machines as text on a terminal', async () => {
    const machine = new Machine();
    machine.append(machine.begun('00000000000001'), 'output.log', 'a\u001b[2J\tb\r\n');
    expect((await machine.regrow(['logs', 'last'], { isTTY: true })).stdout).toBe('a\\x1b[2J\tb\\x0d\n');
    expect((await machine.regrow(['logs', 'last'])).stdout).toBe('a\u001b[2J\tb\r\n');
  });

  it('follows until the run is done, and leaves nothing out', async () => {
    const machine = new Machine();
    const id = machine.begun('00000000000001');
    machine.journal.runs.transition(id, 'running');
    machine.append(id, 'output.log', 'one\n');
    let step = 0;
    const { stdout, exitCode } = await machine.regrow(['logs', id, '-f'], {
      onOutput: (text) => {
        if (step === 1 && text.includes('two')) {
          step = 2;
          machine.append(id, 'output.log', 'last');
          machine.journal.runs.finish(id, { outcome: 'rebuilt', ended_at: 'x' });
        }
        if (step === 0) {
          step = 1;
          machine.append(id, 'output.log', 'two\n');
        }
      },
    });
    expect(stdout).toBe('one\ntwo\nlast');
    expect(exitCode).toBe(0);
  });

  it('does not follow for ever when the controller died and no process of the run is left', async () => {
    const machine = new Machine();
    const run = machine.begun('00000000000001');
    machine.append(run, 'output.log', 'one\n');
    const path = join(machine.stateDir, 'runs', run, 'output.log');
    const chunks: (string | null)[] = [];
    for await (const chunk of outputOf({ path, run, isDone: () => false, isFollowed: true, orphanMs: 1 }))
      chunks.push(chunk);
    expect(chunks).toEqual(['one\n', null]);
  });

  it('says so when there is nothing, and refuses to follow into JSON', async () => {
    const machine = new Machine();
    machine.journal.runs.finish(machine.begun('00000000000001'), { outcome: 'interrupted', ended_at: 'x' });
    expect(await machine.regrow(['logs', 'last'])).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('no output'),
      exitCode: 0,
    });
    expect(await machine.regrow(['logs', 'last', '-f', '--json'])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

function machineWithHealthyNodes(changeOfThird: object = {}): Machine {
  const machine = new Machine();
  for (const n of [1, 2, 3]) {
    const node = { ...seen, name: `webbox${n}`, moid: `vm-${n}`, heartbeat: 'green', seen_at: minutesAgo(0) };
    machine.journal.nodes.upsert(n === 3 ? { ...node, ...changeOfThird } : node);
  }
  return machine;
}

function failedAfterFence(machine: Machine, id: string, story = storyPastFence()): void {
  machine.begun(id);
  machine.journal.runs.transition(id, 'running', {
    incident: 'webbox1.abc',
    generation: 1,
    old_moid: 'vm-7',
    old_uuid: 'uuid-7',
  });
  machine.journal.runs.finish(id, {
    outcome: 'failed',
    class: 'address_timeout',
    ended_at: '2026-01-01T10:06:00.000Z',
  });
  machine.told(id, story.events);
}

function storyPastFence(): Story {
  return new Story()
    .task('fence', 'Power off', { seconds: 2 })
    .task('fence', 'Set it aside', { res: { regrow: { gone: false, vm: { name: 'webbox1.q.vm-7', moid: 'vm-7' } } } })
    .task('boot', 'Wait for an address', { e: 'failed', res: { msg: 'no address' } })
    .task('abandon', 'Abort the generation', { section: 'rescue' })
    .stats();
}

function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}
