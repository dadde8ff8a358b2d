import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeDaemon, type ShownNode, type ToldEvent } from './fake-daemon.ts';

const script = resolve(import.meta.dirname, '../../../scripts/demo-watch');
const since = '2026-01-01T10:00:00.000Z';
const after = (seconds: number): string => new Date(Date.parse(since) + seconds * 1000).toISOString();

let folder: string;
let port: number;
/** The next parts of the story; one is told whenever everybody who is up was asked for its status since the last one. */
let chapters: (() => void)[];
const asked = new Set<FakeDaemon>();
let daemons: FakeDaemon[];
let [first, second, reborn]: FakeDaemon[] = [];

function turnThePage(daemon: FakeDaemon): void {
  asked.add(daemon);
  if (!daemons.every((each) => !each.isUp || asked.has(each))) return;
  asked.clear();
  chapters.shift()?.();
}

const node = (name: string, address: string, more: Partial<ShownNode> = {}): ShownNode => ({
  name,
  address,
  state: 'healthy',
  why: 'all checks succeed',
  instance_uuid: `uuid-${name}`,
  ...more,
});
const others = [node('webbox1', '127.0.11.1'), node('webbox2', '127.0.11.2')];
const healthy = [...others, node('webbox3', '127.0.11.99', { instance_uuid: 'old' })];
const rebuilt = [...others, node('webbox3', '127.0.11.3', { instance_uuid: 'new' })];

const about = (seconds: number, type: string, data: Record<string, unknown> = {}, run = 'r1'): ToldEvent => ({
  at: after(seconds),
  node: 'webbox3',
  type,
  data,
  run,
});

function show(seconds: number, nodes: readonly ShownNode[], who: readonly FakeDaemon[] = daemons): void {
  for (const daemon of who) Object.assign(daemon, { at: after(seconds), nodes });
}

const watch = (mode: string, ...args: readonly string[]) =>
  execa(process.execPath, [script, mode, folder, ...args, '--port', String(port), '--poll', '50', '--since', since], {
    reject: false,
    stdin: 'ignore',
  });
const survivors = ['webbox1=127.0.11.1', 'webbox2=127.0.11.2'];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'demo-watch-'));
  writeFileSync(join(folder, 'token'), 'the-token\n');
  chapters = [];
  asked.clear();
  daemons = [1, 2, 3].map((last) => new FakeDaemon(`127.0.11.${last}`, turnThePage));
  [first, second, reborn] = daemons;
  port = 0;
  for (const daemon of daemons) port = await daemon.open(port);
  show(0, healthy);
});
afterEach(() => {
  for (const daemon of daemons) daemon.close();
  rmSync(folder, { recursive: true });
});

/** Two survivors notice, one wins, one loses; the new node's own daemon is the last to see it as healthy. */
function theStory(): (() => void)[] {
  if (reborn) reborn.isUp = false;
  const working = (step: string) => [
    ...others,
    node('webbox3', '127.0.11.99', {
      state: 'remediating',
      instance_uuid: 'old',
      last_run: { id: 'r1', state: 'running', step },
    }),
  ];
  return [
    () => {
      first?.journal(about(3, 'check.suspect', { check: 'ping', failures: 1, of: 3 }));
      second?.journal(about(4, 'check.suspect', { check: 'ping', failures: 1, of: 3 }));
    },
    () => {
      first?.journal(about(7, 'fault.opened', { checks: ['ping'], vm: 'vm-3' }));
      second?.journal(about(8, 'fault.opened', { checks: ['ping'], vm: 'vm-3' }));
      second?.journal(
        about(8.1, 'node.state', { from: 'suspect', to: 'faulted', why: 'webbox1 is first, this one in 8 s' }),
      );
    },
    () => {
      first?.journal(about(9, 'rebuild.requested'));
      show(9.5, working('preflight'), daemons.slice(0, 1));
    },
    () => first?.journal(about(12, 'rebuild.claimed', { generation: 1, plan: 'fence' })),
    () => {
      first?.journal(about(15, 'rebuild.fenced', { gone: false, name: 'webbox3.q.vm-3' }));
      second?.journal(about(16, 'rebuild.lost_race', { message: 'webbox1 was faster' }, 'r2'));
    },
    () => {
      first?.journal(about(20, 'rebuild.created', { moid: 'vm-9', instance_uuid: 'new' }));
      first?.journal(about(22.5, 'rebuild.addressed', { address: '127.0.11.3' }));
      show(23, working('load'), daemons.slice(0, 1));
    },
    () => {
      first?.journal(about(30, 'rebuild.committed'), about(31, 'rebuild.certified', { changed: true }));
      first?.journal(about(32, 'rebuild.destroyed', { step: 'retire' }));
      show(33, rebuilt, daemons.slice(0, 2));
      if (reborn) reborn.isUp = true;
    },
    () => {
      reborn?.journal({ at: after(34), type: 'controller.started' });
      show(35, rebuilt);
    },
  ];
}

describe('demo-watch heal', () => {
  it('tells the story of a rebuild, one line a fact, and ends when all three daemons see the new node as healthy', async () => {
    first?.journal({ at: after(-9), type: 'controller.started' });
    chapters = theStory();
    const { exitCode, stdout, stderr } = await watch('heal', 'webbox3', 'old', ...survivors);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      '  10:00:03    +3 s  webbox1, webbox2: webbox3 is suspect: ping failed (1/3)',
      '  10:00:07    +7 s  webbox1, webbox2: webbox3 has failed: ping',
      '  10:00:08    +8 s  webbox2: webbox3 is faulted: webbox1 is first, this one in 8 s',
      '  10:00:09    +9 s  webbox1: starts to rebuild webbox3',
      '  10:00:09   +10 s  webbox1: examines image, datastore, networks and privileges; nothing is changed yet',
      expect.stringMatching(
        /^ {2}10:00:12 {3}\+12 s {2}webbox1: HAS THE CLAIM on webbox3 \(generation 1\); its plan: power/,
      ),
      '  10:00:15   +15 s  webbox1: the old VM of webbox3 is off, proven, and set aside as webbox3.q.vm-3',
      '  10:00:16   +16 s  webbox2: LOST THE RACE for webbox3: webbox1 was faster',
      '  10:00:20   +20 s  webbox1: deployed a new VM for webbox3 from its own image: vm-9',
      '  10:00:22   +23 s  webbox1: the new VM of webbox3 has booted, at 127.0.11.3',
      expect.stringContaining('  10:00:23   +23 s  webbox1: loads the new webbox3: '),
      '  10:00:30   +30 s  webbox1: the new webbox3 is loaded and verified; vCenter has the decision for it',
      '  10:00:31   +31 s  webbox1: certified the new webbox3: from now on it is a node of the pool',
      '  10:00:32   +32 s  webbox1: destroyed the old VM of webbox3',
      '  10:00:34   +34 s  webbox3: its daemon has started',
      '',
      '  detected      7.0 s  (+7.0 s)  the first daemon was sure',
      '  claimed      12.0 s  (+5.0 s)  one of them may act',
      '  fenced       15.0 s  (+3.0 s)  the old VM is off, proven',
      '  deployed     20.0 s  (+5.0 s)  from the image on the builder',
      '  booted       22.5 s  (+2.5 s)  vCenter told its address',
      '  loaded       30.0 s  (+7.5 s)  and verified',
      '  certified    31.0 s  (+1.0 s)  a node of the pool',
      '  healthy      35.0 s  (+4.0 s)  in the eyes of all 3 daemons',
    ]);
  });

  it('writes the times into a file when it is told to', async () => {
    chapters = theStory();
    const file = join(folder, 'times');
    const { stdout } = await watch('heal', 'webbox3', 'old', ...survivors, '--times', file);
    expect(stdout).not.toContain('in the eyes');
    expect(readFileSync(file, 'utf8')).toMatch(/^ {2}detected .*\n(.*\n){6} {2}healthy .*\n$/);
  });

  it('goes on when a daemon is not reachable for a moment, and misses nothing of what it journalled meanwhile', async () => {
    const story = theStory();
    const away = (): void => {
      if (first) first.isUp = false;
    };
    const back = (): void => {
      if (first) first.isUp = true;
    };
    chapters = [...story.slice(0, 4), away, () => story[4]?.(), back, ...story.slice(5)];
    const { exitCode, stdout } = await watch('heal', 'webbox3', 'old', ...survivors);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('is off, proven, and set aside');
  });

  it('fails after its deadline, and says what is missing where', async () => {
    show(9, [...others, node('webbox3', '127.0.11.99', { state: 'faulted', why: 'backoff', instance_uuid: 'old' })]);
    show(9, rebuilt, daemons.slice(1, 2));
    if (reborn) reborn.isUp = false;
    const { exitCode, stderr } = await watch('heal', 'webbox3', 'old', ...survivors, '--deadline', '3');
    expect(exitCode).toBe(1);
    expect(stderr.split('\n')).toEqual([
      'demo-watch: not within 3 s:',
      '  webbox1: webbox3 is faulted (backoff)',
      '  webbox3: does not answer (HTTP 503)',
    ]);
  });

  it('does not take the old VM, still shown as healthy, for the new one', async () => {
    const { exitCode, stderr } = await watch('heal', 'webbox3', 'old', ...survivors, '--deadline', '3');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('webbox1: webbox3 is healthy, but it is the old VM');
    expect(stderr).toContain('webbox3: nobody knows a new VM of it');
  });
});

describe('demo-watch ready', () => {
  it('waits until every daemon answers and shows every node as healthy', async () => {
    const unknown = [...others, node('webbox3', '127.0.11.3', { state: 'unknown' })];
    show(0, unknown);
    if (second) second.isUp = false;
    let isAllHealthy = false;
    chapters = [
      () => {
        if (second) second.isUp = true;
      },
      () => {
        isAllHealthy = true;
        show(1, healthy);
      },
    ];
    const { exitCode, stdout } = await watch('ready', ...survivors, 'webbox3=127.0.11.3');
    expect({ exitCode, stdout, isAllHealthy }).toEqual({ exitCode: 0, stdout: '', isAllHealthy: true });
  });

  it('fails after its deadline, and names the daemon that does not answer', async () => {
    if (second) second.isUp = false;
    const { exitCode, stderr } = await watch('ready', ...survivors, '--deadline', '3');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('webbox2: does not answer (HTTP 503)');
    expect(stderr).not.toContain('webbox1');
  });

  it('refuses a command line that it does not understand', async () => {
    expect((await watch('ready')).exitCode).toBe(2);
    expect((await watch('sing', ...survivors)).stderr).toContain('usage:');
  });
});
