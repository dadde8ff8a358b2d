import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { journalView } from '../../../src/controller/journal-view.ts';
import type { ControllerOrders } from '../../../src/http/controller-orders.ts';
import type { ControllerView } from '../../../src/http/controller-view.ts';
import type { OrderResult } from '../../../src/pool/order.ts';
import { lockDaemon } from '../../../src/remediation/daemon-lock.ts';
import { answerTo, cancelOf } from '../../../src/remediation/orders.ts';
import { Story } from '../cli-read/events.ts';
import { gatesArgument } from '../../../src/cli/rebuild.ts';
import { Machine } from '../cli-read/surroundings.ts';
import { refusingOrders, served } from '../http/fake-controller.ts';

/** What answers every order so, at the URL. */
async function answering(status: number, body: object = {}): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(JSON.stringify(body)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

/** A machine whose daemon takes these orders, with the token that both know. */
async function machineWith(orders: Partial<ControllerOrders>, view: Partial<ControllerView> = {}): Promise<Machine> {
  const { url } = await served({
    ...view,
    orders: { ...refusingOrders, ...orders },
    token: async () => 'hunter2hunter2',
  });
  const machine = new Machine({ listen: new URL(url).host });
  const text = `http: {listen: '${new URL(url).host}', token: hunter2hunter2}\n`;
  const before = readFileSync(machine.configPath, 'utf8');
  writeFileSync(machine.configPath, before.replace(/^http: .*\n/m, text), { mode: 0o600 });
  return machine;
}

const refused: OrderResult = { kind: 'refused', gate: 'quorum', message: 'webbox1 sees it alive', facts: {} };

describe('regrow approve, reject and cancel', () => {
  it.each([
    ['approve', 'given', /^Approved run r1: webbox1 is rebuilt as soon as every other gate passes\.\n$/],
    ['reject', 'rejected', /^Rejected run r1: .*regrow resume webbox1\.\n$/],
  ] as const)('%s answers through the journal, by the beginning of an id', async (verb, answer, text) => {
    const machine = new Machine();
    machine.begun('r1', { state: 'awaiting_approval' });
    const end = await machine.regrow([verb, 'r', '--reason', 'because']);
    expect(end).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(text) });
    expect(answerTo(machine.journal, 'r1')).toMatchObject({ answer, reason: 'because' });
  });

  it('say when there is nothing to answer, or no such run', async () => {
    const machine = new Machine();
    machine.begun('r1');
    expect(await machine.regrow(['approve', 'r1'])).toMatchObject({
      exitCode: 7,
      stdout: expect.stringContaining('waits for no'),
    });
    expect(await machine.regrow(['reject', 'x1'])).toMatchObject({ exitCode: 2 });
  });

  it('stop a run at its next safe point', async () => {
    const machine = new Machine();
    machine.begun('r1');
    const end = await machine.regrow(['cancel', 'r1', '--json']);
    expect(JSON.parse(end.stdout)).toEqual({ run: 'r1', node: 'webbox1', status: 'cancelling' });
    expect(cancelOf(machine.journal, 'r1')).toBeDefined();
  });

  it('go to another controller with its token', async () => {
    const heard: unknown[] = [];
    const machine = await machineWith({
      approve: async (run, { reason }) => {
        heard.push([run, reason]);
        return { kind: 'accepted', run, node: 'webbox2', status: 'approved' };
      },
    });
    const server = `http://${/listen: '([^']+)'/.exec(configOf(machine))?.[1] ?? ''}`;
    const end = await machine.regrow(['approve', 'r7', '--reason', 'go', '--server', server]);
    expect(end).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('webbox2') });
    expect(heard).toEqual([['r7', 'go']]);
    expect(await machine.regrow(['cancel', 'r7', '--server', server])).toMatchObject({ exitCode: 7 });
    expect(await new Machine().regrow(['cancel', 'r7', '--server', server])).toMatchObject({ exitCode: 2 });
  });
});

describe('an order that the controller at --server does not take', () => {
  const ofRuns = [
    ['approve', 'r7'],
    ['reject', 'r7'],
    ['cancel', 'r7'],
  ];
  const ofNodes = [
    ['rebuild', 'webbox2', '--confirm', 'webbox2'],
    ['pause', 'webbox2'],
    ['resume', 'webbox2'],
  ];

  it.each([
    [400, 'the same version'],
    [429, 'in a minute'],
    [500, 'journalctl'],
    [503, 'journalctl'],
  ])('is no conflict with HTTP %d: its exit code is 8, and it says what to do', async (status, hint) => {
    const server = await answering(status, { detail: 'It did not work.' });
    const machine = await machineWith({});
    for (const argv of [...ofRuns, ...ofNodes]) {
      const end = await machine.regrow([...argv, '--server', server]);
      expect(end, argv.join(' ')).toMatchObject({ exitCode: 8, stdout: '' });
      expect(end.stderr).toContain(`error: The controller at ${server} did not take the order: It did not work.\n`);
      expect(end.stderr).toMatch(new RegExp(`^what to do: .*${hint}`, 'm'));
    }
  });

  it('names a run or a node that is not known there, and says where the known ones are', async () => {
    const server = await answering(404, { detail: 'There is none.' });
    const machine = await machineWith({});
    for (const [orders, hint] of [
      [ofRuns, `${server}/v1/runs`],
      [ofNodes, 'regrow config show'],
    ] as const)
      for (const argv of orders) {
        const end = await machine.regrow([...argv, '--server', server]);
        expect(end, argv.join(' ')).toMatchObject({ exitCode: 2, stdout: '' });
        expect(end.stderr).toMatch(new RegExp(`^error: There is none\\.\nwhat to do: .*${hint}`, 'm'));
      }
  });

  it('says to wait when the machine there is busy with what has no run yet', async () => {
    const server = await answering(409, { message: 'Not settled yet.', facts: {} });
    const end = await (
      await machineWith({})
    ).regrow(['rebuild', 'webbox2', '--confirm', 'webbox2', '--server', server]);
    expect(end).toMatchObject({ exitCode: 5, stdout: '' });
    expect(end.stderr).toMatch(/^error: Not settled yet\.\nwhat to do: Wait/m);
  });
});

describe('regrow pause, where a controller runs', () => {
  it('is handed to it, and tells whom it reached and whom not', async () => {
    const pause = { scope: 'pool', until: null, reason: 'move', by: 'alice', at: '2026-01-01T10:00:00.000Z' };
    const more = {
      pause,
      replaced: null,
      controllers: ['webbox1'],
      unreached: [{ name: 'webbox2', error: 'silence' }],
    };
    const machine = await machineWith({
      pause: async () => ({ kind: 'accepted', run: null, node: null, status: 'paused', more }),
    });
    const end = await machine.regrow(['pause', '--reason', 'move']);
    expect(end).toMatchObject({ exitCode: 0, stdout: 'Paused the whole pool until it is resumed, by alice: move\n' });
    expect(end.stderr).toContain('On the controllers of webbox1.');
    expect(end.stderr).toContain('NOT on webbox2: silence.');
    expect(machine.journal.pauses.active(pause.at)).toEqual([]);
  });

  it('is for this machine alone with --local, or where none answers, and says so', async () => {
    const local = await (await machineWith({})).regrow(['pause', '--local']);
    expect(local.stderr).toContain("on this machine's controller alone: the others");
    const alone = await new Machine().regrow(['pause']);
    expect(alone.stderr).toContain('(no controller answers here)');
  });
});

describe('regrow rebuild, where a controller runs', () => {
  it('is decided by its gates: one that holds is told, with exit code 4', async () => {
    const heard: unknown[] = [];
    const machine = await machineWith({
      rebuild: async (...told) => {
        heard.push(told);
        return refused;
      },
    });
    const argv = ['rebuild', 'webbox2', '--confirm', 'webbox2', '--force', 'quorum,confirm', '--reason', 'r'];
    const end = await machine.regrow(argv);
    expect(end).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('webbox1 sees it alive') });
    expect(heard).toMatchObject([['webbox2', { force: ['quorum', 'confirm'], reason: 'r', isDryRun: false }]]);
  });

  it('returns at once with --no-wait, and tells of a busy machine', async () => {
    const begun = await machineWith({
      rebuild: async (node) => ({ kind: 'accepted', run: 'r1', node, status: 'running' }),
    });
    const argv = ['rebuild', 'webbox2', '--confirm', 'webbox2', '--no-wait'];
    expect(await begun.regrow(argv)).toMatchObject({ exitCode: 0, stdout: 'r1\n' });
    const busy = await machineWith({
      rebuild: async () => ({ kind: 'conflict', message: 'busy', facts: { run: 'r0', node: 'webbox3' } }),
    });
    expect(await busy.regrow(argv)).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('r0') });
  });

  it('is followed there task by task, until it has an outcome', async () => {
    const daemon = new Machine();
    const { events, ...view } = journalView(daemon.journal, daemon.stateDir);
    const story = new Story().task('look', 'Read the pool', { seconds: 2 }).task('fence', 'Power off', { seconds: 1 });
    const machine = await machineWith(
      {
        rebuild: async (node) => {
          daemon.told(daemon.begun('r1', { node }), story.events);
          return { kind: 'accepted', run: 'r1', node, status: 'running' };
        },
      },
      {
        ...view,
        // What happens once it is followed.
        events: (...wish) => {
          const told = events(...wish);
          if (told.length === 0)
            daemon.journal.events.append({
              at: '2026-01-01T10:01:00.000Z',
              run: 'r1',
              node: 'webbox2',
              type: 'rebuild.rebuilt',
              data: { message: 'webbox2 is rebuilt and certified', address: '10.77.0.60' },
            });
          return told;
        },
      },
    );
    const end = await machine.regrow(['rebuild', 'webbox2', '--confirm', 'webbox2']);
    expect(end).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('webbox2 is rebuilt and certified') });
    expect(end.stderr).toMatch(/ look: Read the pool \.\.\. ok \(2\.0 s\)\n.* fence: Power off \.\.\. .*\n/);
    expect(end.stderr).not.toContain('null');
  });

  it.each([[[]], [['--dry-run']]])(
    'is not done beside a controller that has no token and takes no orders: %j',
    async (more) => {
      const machine = await machineWith({});
      writeFileSync(machine.configPath, configOf(machine).replace(', token: hunter2hunter2', ''), { mode: 0o600 });
      const end = await machine.regrow(['rebuild', 'webbox2', '--confirm', 'webbox2', ...more]);
      expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('without http.token') });
      expect(end.stderr).toContain('or stop the controller first');
      expect(machine.journal.runs.list()).toEqual([]);
    },
  );

  it('is done by the command itself where none runs, with or without a token', async () => {
    for (const token of ['', ', token: hunter2hunter2']) {
      const machine = new Machine();
      const folder = dirname(machine.configPath);
      writeFileSync(join(folder, 'ansible-playbook'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
      const text = `${configOf(machine).replace("'}", `'${token}}`)}ansible: {path: [${folder}]}\n`;
      writeFileSync(machine.configPath, text, { mode: 0o600 });
      const argv = ['rebuild', 'webbox2', '--confirm', 'webbox2', '--dry-run'];
      const end = await machine.regrow(argv, { env: { P: 'hunter2hunter2', PATH: process.env['PATH'] ?? '' } });
      expect(end.stdout).toContain('webbox2');
      expect(machine.journal.runs.list({ kinds: ['rebuild'] })).toMatchObject([{ node: 'webbox2', outcome: 'failed' }]);
    }
  });

  it('takes the gates of every --force, not of the last one alone', () => {
    const read = gatesArgument(['quorum', 'confirm', 'probe']);
    expect(read('confirm', read('quorum, probe', undefined))).toEqual(['quorum', 'probe', 'confirm']);
  });

  it('refuses to override what must not be', async () => {
    const end = await new Machine().regrow(['rebuild', 'webbox2', '--force', 'eligibility']);
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('not a gate that can be forced') });
  });
});

describe('an order that Monit gives (--from-monit)', () => {
  const argv = ['rebuild', 'webbox2', '--from-monit', '--no-wait'];

  it("goes to the daemon as Monit's, with what Monit says, and never asks on a terminal", async () => {
    const heard: unknown[] = [];
    const hear = async (node: string, told: object): Promise<OrderResult> => {
      heard.push(told);
      return { kind: 'accepted', run: 'r1', node, status: 'running' };
    };
    const machine = await machineWith({ rebuild: hear, restore: hear });
    const env = { MONIT_SERVICE: 'regrow_webbox2_ping', MONIT_DESCRIPTION: 'status failed (1)\n-- no answer' };
    expect(await machine.regrow(argv, { env })).toMatchObject({ exitCode: 2 });
    expect(await machine.regrow([...argv, '--confirm', 'webbox2'], { env })).toMatchObject({ stdout: 'r1\n' });
    expect(await machine.regrow(['restore', 'webbox2', '--from-monit'], { env })).toMatchObject({ stdout: 'r1\n' });
    const said = { trigger: 'monit', by: 'Monit', reason: 'regrow_webbox2_ping: status failed (1) -- no answer' };
    expect(heard).toMatchObject([said, said]);
  });

  it('says that a person is asked, and waits for nobody', async () => {
    const waits: OrderResult = { kind: 'accepted', run: 'r1', node: 'webbox2', status: 'awaiting_approval' };
    const machine = await machineWith({ rebuild: async () => waits });
    const end = await machine.regrow(['rebuild', 'webbox2', '--from-monit', '--confirm', 'webbox2', '--json']);
    expect(end).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('regrow approve r1') });
    expect(JSON.parse(end.stdout)).toEqual({ run: 'r1', node: 'webbox2', state: 'awaiting_approval' });
  });

  it('does not go around a daemon that does not answer', async () => {
    const machine = new Machine();
    const lock = await lockDaemon(machine.stateDir);
    onTestFinished(async () => lock.release());
    const end = await machine.regrow([...argv, '--confirm', 'webbox2']);
    expect(end).toMatchObject({ exitCode: 8, stderr: expect.stringContaining('does not answer') });
    expect(machine.journal.runs.list()).toEqual([]);
    expect(await machine.regrow(['probe', 'vcenter', '--json'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('daemon'),
    });
  });

  it('overrides no gate, and does not go around a daemon that takes no orders', async () => {
    const machine = await machineWith({});
    expect(await machine.regrow([...argv, '--force', 'quorum'])).toMatchObject({ exitCode: 2 });
    const text = configOf(machine).replace(', token: hunter2hunter2', '');
    writeFileSync(machine.configPath, text, { mode: 0o600 });
    for (const order of [
      [...argv, '--confirm', 'webbox2'],
      ['restore', 'webbox2', '--from-monit'],
    ])
      expect(await machine.regrow(order)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('http.token') });
    expect(machine.journal.runs.list()).toEqual([]);
  });
});

function configOf(machine: Machine): string {
  return readFileSync(machine.configPath, 'utf8');
}
