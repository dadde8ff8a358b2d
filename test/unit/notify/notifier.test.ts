import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Message, SendResult } from '../../../src/notify/message.ts';
import { Notifier, type NotifierParts } from '../../../src/notify/notifier.ts';
import { sendMail, type MailTarget } from '../../../src/notify/mail.ts';
import { notifiedByDefault } from '../../../src/pool/notice.ts';
import type { Journal } from '../../../src/store/journal.ts';
import { SimulatedClock } from '../../fakes/clock.ts';
import { temporaryFolder, temporaryJournal } from '../store/folders.ts';
import { mailServer, mailTarget, silentServer } from './mail-server.ts';

const hour = 3_600_000;

/** One controller's notifications on a simulated clock, with a journal and a mail server that are real. */
class Daemon {
  readonly clock = new SimulatedClock();
  readonly folder = temporaryFolder();
  readonly journal: Journal;
  target: MailTarget;
  attempts = 0;
  #notifier: Notifier | undefined;

  constructor(target: MailTarget, redact: (text: string) => string = (text) => text) {
    this.target = target;
    this.journal = temporaryJournal(`${this.folder}/state`, { redact });
    this.restart();
    onTestFinished(() => this.#notifier?.stop());
  }

  now(): Date {
    return new Date(Date.UTC(2026, 0, 1, 10) + this.clock.now());
  }

  /** The process ends. */
  end(): void {
    void this.#notifier?.stop();
  }

  /** Another process with the same journal. */
  restart(change: Partial<NotifierParts> = {}): void {
    this.end();
    this.#notifier = new Notifier({ ...this.#parts(), ...change });
    this.#notifier.start();
  }

  happens(type: string, data: Record<string, unknown> = {}, node: string | null = 'webbox3'): void {
    this.journal.events.append({ at: this.now().toISOString(), node, type, data });
  }

  faults(...nodes: readonly string[]): void {
    for (const node of nodes) this.happens('fault.opened', { checks: ['ping'], vm: null }, node);
  }

  /** Lets simulated time pass, second by second, until it is so; the mails themselves take real time. */
  async until(what: string, isSo: () => boolean, withinMs = 2 * hour): Promise<void> {
    const end = this.clock.now() + withinMs;
    for (let busyFor = 0; !isSo();) {
      const before = this.attempts;
      await this.clock.advance(1_000);
      // An attempt is under way: real time goes on, simulated time waits for it.
      if (this.attempts === before && this.#isIdle) busyFor = 0;
      else {
        await sleep(5);
        busyFor += 1;
      }
      if (this.clock.now() > end || busyFor > 2_000) throw new Error(`not within ${withinMs} ms: ${what}`);
    }
  }

  get isAllTold(): boolean {
    return this.events.includes('fault.opened') && this.journal.notifications.waiting('mail').length === 0;
  }

  get events(): readonly string[] {
    return this.journal.events.list().map(({ type }) => type);
  }

  #inFlight = 0;
  get #isIdle(): boolean {
    return this.#inFlight === 0;
  }

  readonly #send = async (message: Message, signal: AbortSignal): Promise<SendResult> => {
    this.attempts += 1;
    this.#inFlight += 1;
    try {
      return await sendMail(message, this.target, { env: {}, signal });
    } finally {
      this.#inFlight -= 1;
    }
  };

  #parts(): NotifierParts {
    return {
      journal: this.journal,
      clock: this.clock,
      log: pino({ level: 'silent' }),
      now: () => this.now(),
      self: () => 'webbox1',
      ask: async () => [],
      send: { mail: this.#send, webhook: async () => ({ kind: 'failed', reason: 'none here' }) },
      settings: () => ({ groupMs: 30_000, giveUpAfterMs: 72 * hour }),
      facts: () => ({
        pool: 'web',
        self: 'webbox1',
        isNode: true,
        events: notifiedByDefault,
        channels: ['mail'],
        staggerMs: 30_000,
        observers: () => ['webbox1'],
        node: () => ({ state: 'faulted', why: 'ping failed' }),
        page: () => 'http://10.0.0.1:8460/',
      }),
    };
  }
}

describe('what happens', () => {
  it('arrives as mails in its order, each once', async () => {
    const server = await mailServer();
    const daemon = new Daemon(server.target());
    daemon.faults('webbox3');
    await daemon.until('the first mail', () => server.received.length === 1);
    daemon.happens('check.suspect', {});
    daemon.happens('rebuild.failed', { class: 'no_capacity', message: 'the datastore is full', remedy: 'make room' });
    await daemon.until('the second mail', () => server.received.length === 2);
    daemon.happens('fault.closed', { reason: 'rebuilt' });
    await daemon.until('the third mail', () => server.received.length === 3);
    await daemon.clock.advance(hour);
    expect(server.subjects).toEqual([
      '[regrow web] webbox3: fault opened: ping failed',
      '[regrow web] webbox3: rebuild failed: no_capacity: the datastore is full',
      '[regrow web] webbox3: rebuilt and certified',
    ]);
    expect(server.received[0]?.raw).toContain('state webbox3 is faulted: ping failed');
    expect(server.received[1]?.raw).toContain('now   make room');
  });

  it('in a storm becomes one mail after the first', async () => {
    const server = await mailServer();
    const daemon = new Daemon(server.target());
    daemon.faults('webbox2');
    await daemon.until('the first mail', () => server.received.length === 1);
    for (const node of ['webbox3', 'webbox4', 'webbox5']) {
      daemon.faults(node);
      await daemon.clock.advance(5_000);
    }
    await daemon.until('the second mail', () => server.received.length === 2);
    expect(server.subjects[1]).toBe('[regrow web] 3 events: webbox3, webbox4, webbox5');
  });

  it('is told from where the last process left off, and what happened before there were notifications is not', async () => {
    const server = await mailServer();
    const daemon = new Daemon(server.target());
    await daemon.clock.advance(2_000);
    daemon.faults('webbox2');
    daemon.restart();
    await daemon.until('the mail', () => daemon.isAllTold && server.received.length === 1);
    daemon.restart();
    await daemon.clock.advance(hour);
    expect(server.received).toHaveLength(1);
  });

  it('with secrets in it is queued and sent without them', async () => {
    const server = await mailServer();
    const daemon = new Daemon(server.target(), (text) => text.replaceAll('hunter2', '(hidden)'));
    daemon.happens('rebuild.failed', { class: 'auth_failed', message: 'no login with hunter2', remedy: null });
    await daemon.until('the mail', () => server.received.length === 1);
    expect(server.received[0]?.raw).toContain('(hidden)');
    expect(server.received[0]?.raw).not.toContain('hunter2');
    expect(JSON.stringify(daemon.journal.notifications.since(''))).not.toContain('hunter2');
  });
});

describe('a mail server', () => {
  it('that is away for an hour gets everything when it is back, in order, once; nothing waits for it', async () => {
    const before = await mailServer();
    const { port } = before;
    await before.stop();
    const daemon = new Daemon(mailTarget(port));
    daemon.faults('webbox2');
    await daemon.until('a failing channel', () => daemon.events.includes('notify.failing'));
    await daemon.clock.advance(10_000);
    daemon.faults('webbox3');
    daemon.happens('fault.closed', { reason: 'rebuilt' }, 'webbox2');
    await daemon.until('an hour', () => daemon.clock.now() > hour);
    const tries = daemon.attempts;
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(20);
    const server = await mailServer({}, port);
    await daemon.until('all mails', () => server.received.length === 2);
    await daemon.clock.advance(hour);
    expect(server.subjects).toEqual([
      '[regrow web] webbox2: fault opened: ping failed',
      '[regrow web] 2 events: webbox3, webbox2',
    ]);
    expect(daemon.events.filter((type) => type.startsWith('notify.'))).toEqual(['notify.failing', 'notify.restored']);
  });

  it('that refuses is asked again until it does not', async () => {
    const server = await mailServer();
    server.refusal = 'come back later';
    const daemon = new Daemon(server.target());
    daemon.faults('webbox3');
    await daemon.until('three attempts', () => daemon.attempts === 3);
    server.refusal = undefined;
    await daemon.until('the mail', () => daemon.isAllTold);
    await daemon.clock.advance(hour);
    expect(server.received).toHaveLength(1);
  });

  it('that hangs holds up nobody: events are written and other work goes on while it is waited for', async () => {
    const { port } = await silentServer();
    const daemon = new Daemon(mailTarget(port));
    daemon.faults('webbox3');
    await daemon.until('an attempt', () => daemon.attempts === 1);
    for (let second = 0; second < 30; second += 1) {
      daemon.happens('check.suspect', {});
      await daemon.clock.advance(1_000);
    }
    expect(daemon.events.filter((type) => type === 'check.suspect')).toHaveLength(30);
    expect(daemon.attempts).toBe(1);
  });

  it('gets the same message id again when the daemon died between the mail and its record', async () => {
    const server = await mailServer();
    const daemon = new Daemon(server.target());
    const ids: string[] = [];
    daemon.restart({
      send: {
        mail: async (message, signal) => {
          ids.push(message.id);
          await sendMail(message, server.target(), { env: {}, signal });
          return new Promise<SendResult>(() => undefined);
        },
        webhook: async () => ({ kind: 'failed', reason: 'none here' }),
      },
    });
    daemon.faults('webbox3');
    await daemon.until('the mail', () => server.received.length === 1);
    daemon.restart();
    daemon.faults('webbox4');
    await daemon.until('it again', () => server.received.length === 2);
    expect(server.received[1]?.messageId).toBe(server.received[0]?.messageId);
    expect(server.subjects[1]).toBe(server.subjects[0]);
    expect(ids).toHaveLength(1);
  });

  it('that never comes back is given up after the configured time, and that is recorded', async () => {
    const daemon = new Daemon(mailTarget(1));
    daemon.restart({
      send: {
        mail: async () => ({ kind: 'failed', reason: 'no' }),
        webhook: async () => ({ kind: 'failed', reason: 'no' }),
      },
    });
    daemon.faults('webbox3');
    await daemon.clock.advance(2_000);
    daemon.clock.standStill(72 * hour);
    await daemon.clock.advance(2_000);
    expect(daemon.journal.notifications.waiting('mail')).toEqual([]);
    expect(daemon.events.at(-1)).toBe('notify.lost');
  });

  it('while the daemon was down for too long is given up once, also when something else happened meanwhile', async () => {
    const daemon = new Daemon(mailTarget(1));
    daemon.faults('webbox3');
    await daemon.until('an attempt', () => daemon.events.includes('notify.failing'));
    daemon.end();
    daemon.clock.standStill(72 * hour);
    daemon.faults('webbox4');
    daemon.restart();
    await daemon.clock.advance(10_000);
    const lost = daemon.journal.events.list({ type: 'notify.lost' });
    expect(lost.map(({ data }) => data)).toEqual([{ channel: 'mail', count: 1, since: '2026-01-01T10:00:00.000Z' }]);
    expect(daemon.journal.notifications.waiting('mail').map(({ notice }) => notice.node)).toEqual(['webbox4']);
  });
});

describe('a journal that cannot be written', () => {
  it('has nothing sent twice: what cannot be recorded is not sent again and again', async () => {
    const server = await mailServer();
    const daemon = new Daemon(server.target());
    let isFull = false;
    const { notifications, events } = daemon.journal;
    daemon.restart({
      journal: {
        events,
        notifications: {
          ...notifications,
          change: (seqs, change) => {
            if (isFull) throw new Error('the disk is full');
            notifications.change(seqs, change);
            // Full from the moment on in which the mail is on its way.
            if (change.attempts !== undefined) isFull = true;
          },
        },
      },
    });
    daemon.faults('webbox3');
    await daemon.until('the mail', () => server.received.length === 1);
    await daemon.clock.advance(hour);
    expect(server.received).toHaveLength(1);
    isFull = false;
    await daemon.until('its record', () => daemon.isAllTold);
    await daemon.clock.advance(hour);
    expect(server.received).toHaveLength(1);
  });
});

describe('vCenter', () => {
  it('is told of when it stays away, and when it is back; not when it was away for a moment', async () => {
    const server = await mailServer();
    const daemon = new Daemon(server.target());
    daemon.happens('discovery.failed', { message: 'timeout' }, null);
    await daemon.clock.advance(60_000);
    daemon.happens('discovery.restored', {}, null);
    await daemon.clock.advance(10 * 60_000);
    expect(daemon.attempts).toBe(0);
    daemon.happens('discovery.failed', { message: 'timeout' }, null);
    daemon.happens('discovery.failed', { message: 'refused' }, null);
    await daemon.until('the mail', () => server.received.length === 1);
    daemon.happens('discovery.restored', {}, null);
    await daemon.until('the other mail', () => server.received.length === 2);
    expect(server.subjects).toEqual([
      '[regrow web] vCenter cannot be read: timeout',
      '[regrow web] vCenter can be read again',
    ]);
  });
});

it('tells of the same gates once a fault, and again in the next one', async () => {
  const server = await mailServer();
  const daemon = new Daemon(server.target());
  const held = { holds: [{ gate: 'quorum', message: 'one of two' }] };
  for (const count of [2, 4]) {
    daemon.faults('webbox3');
    daemon.happens('gate.held', held);
    daemon.happens('gate.held', { holds: [{ gate: 'confirm', message: 'it answers' }] });
    daemon.happens('gate.held', held);
    await daemon.clock.advance(1_000);
    await daemon.until('the mails', () => daemon.isAllTold);
    await daemon.clock.advance(60_000);
    expect(daemon.journal.notifications.since('').filter(({ key }) => key.includes('quorum'))).toHaveLength(count / 2);
  }
});
