import { describe, expect, it } from 'vitest';
import { noticesOf, type IntakeFacts } from '../../../src/notify/intake.ts';
import { isNotifiable, keyOf, wordingOf, type HappenedEvent } from '../../../src/notify/kinds.ts';
import { pageOf } from '../../../src/notify/page.ts';
import { notifiedByDefault, notifiedEvents } from '../../../src/pool/notice.ts';

const event = (type: string, data: Record<string, unknown> = {}, node: string | null = 'webbox3'): HappenedEvent => ({
  id: 1,
  at: '2026-01-01T10:00:00.000Z',
  node,
  run: null,
  type,
  data,
});
const facts = (more: Partial<IntakeFacts> = {}): IntakeFacts => ({
  pool: 'web',
  self: 'webbox1',
  isNode: true,
  events: notifiedByDefault,
  channels: ['mail', 'webhook'],
  staggerMs: 30_000,
  observers: () => ['webbox1', 'webbox2', 'webbox4'],
  node: () => ({ state: 'faulted', why: 'ping failed' }),
  page: () => 'http://10.0.0.1:8460/',
  ...more,
});
const waitOf = (happened: HappenedEvent, more: Partial<IntakeFacts> = {}): number | undefined => {
  const [notice] = noticesOf(happened, facts(more));
  return notice === undefined ? undefined : Date.parse(notice.due_at) - Date.parse(happened.at);
};

describe('an event', () => {
  it('is told through every channel when it is one of notify.events, and not at all otherwise', () => {
    const opened = event('fault.opened', { checks: ['ping', 'web'] });
    expect(noticesOf(opened, facts()).map(({ channel }) => channel)).toEqual(['mail', 'webhook']);
    expect(noticesOf(opened, facts({ events: ['fault.closed'] }))).toEqual([]);
    expect(noticesOf(event('check.suspect'), facts())).toEqual([]);
  });

  it.each(notifiedEvents)('%s has one line and a key, whatever its data are', (type) => {
    for (const data of [{}, { holds: 7, checks: 'x', vm: [], reason: null, message: {} }]) {
      const happened = event(type, data);
      if (!isNotifiable(happened)) throw new Error('it is not notifiable');
      expect(wordingOf(happened, 'webbox1').summary).not.toMatch(/undefined|\[object/);
      expect(keyOf(happened, 'webbox1')).toContain(type);
    }
  });

  it('tells of a rebuild that waits for a person why, and where and how it is answered', () => {
    const [told] = noticesOf(event('approval.asked', { run: 'r1', checks: ['ping'] }), facts());
    expect(told?.notice).toMatchObject({
      node: 'webbox3',
      run: 'r1',
      summary: 'a rebuild waits for approval: ping failed',
      next: 'A person has to answer, on webbox1: regrow approve r1, or regrow reject r1.',
    });
    // A fault that Monit alone saw has no check of the daemon's.
    const [monits] = noticesOf(event('approval.asked', { run: 'r1', checks: [] }), facts());
    expect(monits?.notice.summary).toBe('a rebuild waits for approval');
  });

  it('tells of a further check that fails what may follow', () => {
    const [told] = noticesOf(event('fault.widened', { check: 'ping' }), facts());
    expect(told?.notice).toMatchObject({
      summary: 'fault widened: ping failed',
      next: 'More may be done than before, up to a rebuild: regrow explain webbox3.',
    });
  });

  it('tells of a failed rebuild why, and what to do', () => {
    const data = { class: 'no_capacity', message: 'the datastore is full', remedy: 'make room' };
    expect(noticesOf(event('rebuild.failed', data), facts())[0]?.notice).toMatchObject({
      summary: 'rebuild failed: no_capacity: the datastore is full',
      next: 'make room',
      state: 'faulted',
      why: 'ping failed',
      look: ['http://10.0.0.1:8460/', 'regrow explain webbox3'],
    });
  });
});

describe('the turn', () => {
  const vm = { moid: 'vm-3', instanceUuid: 'uuid-3' };

  it('of a fault is another one for each controller, from nothing upwards', () => {
    const names = ['webbox1', 'webbox2', 'webbox4'];
    const waits = names.map((self) => waitOf(event('fault.opened', { vm }), { self }));
    expect(waits.toSorted((a = 0, b = 0) => a - b)).toEqual([0, 30_000, 60_000]);
  });

  it('is the first for whoever acts, and never the first for whoever sees that another one acted', () => {
    for (const self of ['webbox1', 'webbox2', 'webbox4']) {
      expect(waitOf(event('gate.held'), { self })).toBe(0);
      expect(waitOf(event('fault.closed', { reason: 'rebuilt' }), { self })).toBe(0);
      expect(waitOf(event('fault.closed', { reason: 'replaced' }), { self })).toBeGreaterThanOrEqual(30_000);
    }
  });

  it('is never longer than ten minutes', () => {
    const many = Array.from({ length: 40 }, (_, index) => `node${index}`);
    const waits = many.map((self) => waitOf(event('fault.opened', { vm }), { self, observers: () => many }));
    expect(waits.filter((wait) => wait === 10 * 60_000)).toHaveLength(20);
  });

  it('of an admin host comes after that of a node', () => {
    const admin = { self: 'admin', isNode: false, observers: () => [] };
    expect(waitOf(event('fault.opened', { vm }), admin)).toBe(30_000);
  });
});

it.each([
  ['http://0.0.0.0:8460', 'http://10.0.0.1:8460/'],
  ['https://[::]:8460', 'https://10.0.0.1:8460/'],
  ['http://10.0.0.9:8460', 'http://10.0.0.9:8460/'],
  ['http://127.0.0.1:8460', 'http://127.0.0.1:8460/ on webbox1'],
])('of a server at %s people are shown %s', (url, shown) => {
  expect(pageOf(url, { address: '10.0.0.1', self: 'webbox1' })).toBe(shown);
});
