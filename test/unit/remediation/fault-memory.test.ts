import { describe, expect, it } from 'vitest';
import type { Course, Fault, NodeMemory } from '../../../src/pool/node-state.ts';
import { faultMemory } from '../../../src/remediation/fault-memory.ts';
import type { ReconcilerMemory } from '../../../src/remediation/reconciler.ts';
import { FakeJournal, type MemoryJournal } from '../../fakes/journal.ts';
import { temporaryJournal } from '../store/folders.ts';

const vm = { moid: 'vm-1', instanceUuid: 'uuid-1' };
const fault: Fault = {
  openedAt: 40_000,
  vm,
  acted: ['ping'],
  restores: {},
  isAbandoned: false,
  course: { kind: 'watching' },
  approval: null,
  decided: null,
};
const memory: NodeMemory = { vm, isProven: true, fault, unhealthy: ['ping'], attempts: 1, lastAttemptAt: 90_000 };

/** A controller's process: its boot, and its two clocks. Monotonic 100 s is 10:00:00 of the wall unless told otherwise. */
function process(
  journal: MemoryJournal,
  { bootId = 'boot', nowMs = 100_000, wall = '2026-01-01T10:00:00.000Z' } = {},
): ReconcilerMemory {
  return faultMemory({
    journal,
    bootId,
    monotonicMs: () => nowMs,
    now: () => new Date(wall),
    nodes: () => ['webbox1', 'webbox2'],
  });
}

function waiting(until: number): Course {
  return { kind: 'waiting', reason: 'backoff', until };
}

function savedWith(journal: MemoryJournal, course: Course): void {
  process(journal).save('webbox1', { ...memory, fault: { ...fault, course } });
}

function courseIn(loaded: Readonly<Record<string, NodeMemory>>): Course | undefined {
  return loaded['webbox1']?.fault?.course;
}

const journals: readonly (readonly [string, () => MemoryJournal])[] = [
  ['the journal', () => temporaryJournal()],
  ['the fake journal', () => new FakeJournal()],
];

describe.each(journals)('a memory on %s', (_, open) => {
  it('knows nothing of nodes that it never saw', () => {
    const blank = { vm: null, isProven: false, fault: null, unhealthy: [], attempts: 0, lastAttemptAt: null };
    expect(process(open()).load()).toEqual({ webbox1: blank, webbox2: blank });
  });

  it('gives back a fault with its times', () => {
    const journal = open();
    process(journal).save('webbox1', memory);
    expect(process(journal).load()['webbox1']).toEqual({ ...memory, isProven: false });
  });

  it('moves times to the monotonic clock of another boot', () => {
    const journal = open();
    savedWith(journal, waiting(160_000));
    const later = process(journal, { bootId: 'next', nowMs: 5_000, wall: '2026-01-01T10:00:30.000Z' }).load();
    expect(later['webbox1']?.fault).toMatchObject({ openedAt: 5_000 - 90_000, course: waiting(35_000) });
    expect(later['webbox1']?.lastAttemptAt).toBe(5_000 - 40_000);
  });

  it('does not lengthen a wait, nor put the past into the future, when the wall clock was set back', () => {
    const journal = open();
    savedWith(journal, waiting(160_000));
    const loaded = process(journal, { nowMs: 110_000, wall: '2026-01-01T09:00:10.000Z' }).load();
    expect(courseIn(loaded)).toEqual(waiting(170_000));
    expect(loaded['webbox1']).toMatchObject({ lastAttemptAt: 110_000, fault: { openedAt: 110_000 } });
  });

  it('ends a wait when the wall clock was set forward', () => {
    const journal = open();
    savedWith(journal, waiting(160_000));
    const loaded = process(journal, { nowMs: 110_000, wall: '2026-01-02T10:00:10.000Z' }).load();
    expect(courseIn(loaded)).toMatchObject({ kind: 'waiting', until: 110_000 + 50_000 - 86_400_000 });
  });

  it.each<Course>([
    { kind: 'watching' },
    { kind: 'running', run: '20260101-1' },
    { kind: 'running', run: null },
    { kind: 'exhausted' },
    {
      kind: 'held',
      holds: [{ gate: 'not_certified', message: 'no mark', forceable: false }],
      until: 200_000,
      isOurs: false,
    },
    {
      kind: 'held',
      holds: [{ gate: 'cancelled', message: 'by an operator', forceable: false }],
      until: null,
      isOurs: false,
    },
  ])('keeps the course $kind', (course) => {
    const journal = open();
    savedWith(journal, course);
    expect(courseIn(process(journal).load())).toEqual(course);
  });

  it.each<Course>([
    { kind: 'looking', askedAt: 90_000, isRead: false, consultation: null, consultedAt: null },
    { kind: 'elsewhere', by: 'webbox2', until: 130_000 },
    { kind: 'waiting', reason: 'turn', until: 130_000 },
    { kind: 'waiting', reason: 'unreadable', until: 130_000 },
    {
      kind: 'held',
      holds: [{ gate: 'paused', message: 'pool is paused', forceable: true }],
      until: null,
      isOurs: true,
    },
  ])('lets what follows from the present begin anew: $kind', (course) => {
    const journal = open();
    savedWith(journal, course);
    expect(courseIn(process(journal).load())).toEqual({ kind: 'watching' });
  });

  it('keeps attempts after the fault, and forgets them when told', () => {
    const journal = open();
    process(journal).save('webbox1', memory);
    process(journal).save('webbox1', { ...memory, fault: null, unhealthy: [] });
    expect(process(journal).load()['webbox1']).toMatchObject({ fault: null, attempts: 1, lastAttemptAt: 90_000 });
    process(journal).save('webbox1', { ...memory, fault: null, unhealthy: [], attempts: 0, lastAttemptAt: null });
    expect(process(journal).load()['webbox1']).toMatchObject({ attempts: 0, lastAttemptAt: null });
  });

  it('remembers a VM that was seen healthy until the machine boots', () => {
    const journal = open();
    journal.nodes.upsert({
      name: 'webbox1',
      moid: 'vm-1',
      instance_uuid: 'uuid-1',
      address: null,
      power: 'poweredOn',
      certified: true,
      seen_at: '2026-01-01T09:59:00.000Z',
    });
    process(journal).save('webbox1', { ...memory, fault: null, unhealthy: [] });
    expect(process(journal).load()['webbox1']).toMatchObject({ vm, isProven: true });
    expect(process(journal, { bootId: 'next' }).load()['webbox1']).toMatchObject({ vm, isProven: false });
  });

  it('holds a fault to the judged VM while another one is being built', () => {
    const journal = open();
    process(journal).save('webbox1', memory);
    journal.nodes.upsert({
      name: 'webbox1',
      moid: 'vm-2',
      instance_uuid: 'uuid-2',
      address: null,
      power: 'poweredOff',
      certified: false,
      seen_at: '2026-01-01T10:00:00.000Z',
    });
    expect(process(journal).load()['webbox1']).toMatchObject({ vm, fault: { vm } });
  });

  it('records what happened, at the time of the wall', () => {
    const journal = open();
    process(journal).record('webbox1', 'fault.opened', { checks: ['ping'] });
    expect(journal.events.list()).toMatchObject([
      { at: '2026-01-01T10:00:00.000Z', node: 'webbox1', type: 'fault.opened', data: { checks: ['ping'] } },
    ]);
  });
});
