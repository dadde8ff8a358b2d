import { describe, expect, it } from 'vitest';
import { Machine } from '../cli-read/surroundings.ts';

const fault = {
  node: 'webbox2',
  moid: 'vm-2',
  instance_uuid: 'u-2',
  opened_at: '2026-01-01T10:00:00.000Z',
  closed_at: null,
  state: 'exhausted',
  course: '{"kind":"exhausted"}',
  approval: null,
  acted: [],
  restores: {},
  unhealthy: ['ping'],
  abandoned: false,
  attempts: 3,
  last_attempt_at: '2026-01-01T10:30:00.000Z',
};
const farFuture = '9999-01-01T00:00:00.000Z';
const active = (machine: Machine, at = new Date().toISOString()) => machine.journal.pauses.active(at);
const eventsOf = (machine: Machine) =>
  machine.journal.events.list().map(({ node, type, data }) => ({ node, type, data }));

describe('regrow pause', () => {
  it('holds a node for a while, tells by whom and why, and records it', async () => {
    const machine = new Machine();
    const before = Date.now();
    const end = await machine.regrow(['pause', 'webbox2', '--for', '2h', '--reason', 'new disk']);
    expect(end).toMatchObject({ exitCode: 0 });
    expect(end.stdout).toMatch(/^Paused webbox2 until \d{4}-\S+ \S+, by \S.*: new disk\n$/);
    const [pause] = active(machine);
    expect(pause).toMatchObject({ scope: 'node/webbox2', reason: 'new disk' });
    const lastsMs = Date.parse(pause?.until ?? '') - before;
    expect(lastsMs).toBeGreaterThanOrEqual(2 * 3_600_000);
    expect(active(machine, new Date(Date.parse(pause?.until ?? '') + 1).toISOString())).toEqual([]);
    expect(eventsOf(machine)).toEqual([
      {
        node: 'webbox2',
        type: 'pause.set',
        data: { scope: 'node/webbox2', until: pause?.until, reason: 'new disk', by: pause?.by, replaced: false },
      },
    ]);
  });

  it('holds the whole pool until it is resumed when nothing else is said', async () => {
    const machine = new Machine();
    const end = await machine.regrow(['pause']);
    expect(end.stdout).toMatch(/^Paused the whole pool until it is resumed, by \S+\n$/);
    expect(active(machine, farFuture)).toMatchObject([{ scope: 'pool', until: null, reason: '' }]);
    expect(eventsOf(machine)).toMatchObject([{ node: null, type: 'pause.set' }]);
  });

  it('keeps the reason on one line, and refuses one that is too long for a controller', async () => {
    const machine = new Machine();
    await machine.regrow(['pause', '--reason', ' new\n\tdisk ']);
    expect(active(machine, farFuture)).toMatchObject([{ reason: 'new disk' }]);
    const long = await machine.regrow(['pause', 'webbox2', '--reason', 'x'.repeat(1001)]);
    expect(long).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('at most 1000 characters') });
    expect(active(machine, farFuture)).toHaveLength(1);
  });

  it.each(['pause', 'resume'])('is for one machine or for all: %s takes no --local with --server', async (verb) => {
    const end = await new Machine().regrow([verb, '--local', '--server', 'webbox2']);
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('cannot be used with') });
  });

  it('takes the place of an earlier pause, and says so', async () => {
    const machine = new Machine();
    await machine.regrow(['pause', 'webbox2', '--reason', 'first']);
    const end = await machine.regrow(['pause', 'webbox2', '--for', '1h', '--reason', 'second']);
    expect(end.stdout).toMatch(/: second \(before: until it is resumed, by \S+: first\)\n$/);
    expect(active(machine)).toMatchObject([{ scope: 'node/webbox2', reason: 'second' }]);
    const third = JSON.parse((await machine.regrow(['pause', 'webbox2', '--json'])).stdout);
    expect(third).toMatchObject({ scope: 'node/webbox2', until: null, replaced: { reason: 'second' } });
    expect(eventsOf(machine).map(({ data }) => data['replaced'])).toEqual([false, true, true]);
  });

  it.each([
    [['pause', 'webbx2'], 'did you mean webbox2?'],
    [['resume', 'webbx2'], 'did you mean webbox2?'],
    [['pause', '--for', '0s'], 'more than 0'],
    [['pause', '--for', '400d'], 'within a year'],
    [['pause', '--for', '120'], 'with its unit'],
    [['pause', '--for', 'soon'], 'Expected a duration'],
    [['pause', '--for', '-1h'], 'Expected a duration'],
    [['pause', 'webbox1', 'webbox2'], 'too many arguments'],
  ])('refuses %j and sets nothing', async (args, hint) => {
    const machine = new Machine();
    const end = await machine.regrow(args);
    expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(hint) });
    expect(active(machine)).toEqual([]);
    expect(eventsOf(machine)).toEqual([]);
  });

  it('shows no control characters of a reason', async () => {
    const { stdout } = await new Machine().regrow(['pause', '--reason', 'a\u001b[2Jb']);
    expect(stdout).toContain(': a [2Jb\n');
  });
});

describe('regrow resume', () => {
  it('ends the pause of a node, and records who did it and why', async () => {
    const machine = new Machine();
    await machine.regrow(['pause', 'webbox2', '--reason', 'new disk']);
    const end = await machine.regrow(['resume', 'webbox2', '--reason', 'disk is in']);
    expect(end).toMatchObject({ exitCode: 0 });
    expect(end.stdout).toMatch(/^Resumed webbox2 \(was paused until it is resumed, by \S+: new disk\)\.\n$/);
    expect(active(machine)).toEqual([]);
    expect(eventsOf(machine)[1]).toEqual({
      node: 'webbox2',
      type: 'pause.cleared',
      data: {
        scope: 'node/webbox2',
        was_paused: true,
        retried: [],
        by: expect.stringMatching(/./),
        reason: 'disk is in',
      },
    });
  });

  it('says so when nothing is paused, and records nothing', async () => {
    const machine = new Machine();
    const end = await machine.regrow(['resume', 'webbox2']);
    expect(end).toMatchObject({ exitCode: 0, stdout: 'No pause of webbox2 was set.\n' });
    expect(eventsOf(machine)).toEqual([]);
  });

  it('says what is held still', async () => {
    const machine = new Machine();
    await machine.regrow(['pause', '--reason', 'move']);
    await machine.regrow(['pause', 'webbox2']);
    expect((await machine.regrow(['resume', 'webbox2'])).stdout).toMatch(
      /^Resumed webbox2 .*\. Still paused: the whole pool until it is resumed, by \S+: move\.\n$/,
    );
    await machine.regrow(['pause', 'webbox3']);
    const { cleared, remaining } = JSON.parse((await machine.regrow(['resume', '--json'])).stdout);
    expect(cleared).toMatchObject({ scope: 'pool' });
    expect(remaining).toMatchObject([{ scope: 'node/webbox3' }]);
  });

  it('has a fault tried again that was given up, of this node or of all', async () => {
    const machine = new Machine();
    machine.journal.faults.save(fault);
    expect((await machine.regrow(['resume', 'webbox1'])).stdout).toBe('No pause of webbox1 was set.\n');
    expect(machine.journal.faults.latest()[0]).toMatchObject({ state: 'exhausted' });
    expect((await machine.regrow(['resume', 'webbox2'])).stdout).toBe(
      'No pause of webbox2 was set. Tried again: webbox2.\n',
    );
    expect(machine.journal.faults.latest()[0]).toMatchObject({ state: 'resumed', attempts: 0 });
    expect(eventsOf(machine)).toMatchObject([
      { type: 'pause.cleared', data: { was_paused: false, retried: ['webbox2'] } },
    ]);
    // The daemon has taken the order, tried again and given up again.
    machine.journal.faults.save({ ...fault, state: 'looking' });
    machine.journal.faults.save(fault);
    expect(JSON.parse((await machine.regrow(['resume', '--json'])).stdout)).toMatchObject({ retried: ['webbox2'] });
  });
});
