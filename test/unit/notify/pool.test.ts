import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rendezvousOrder } from '../../../src/pool/rendezvous.ts';
import { SimulatedPool } from './simulated-pool.ts';

const names = ['webbox1', 'webbox2', 'webbox3'] as const;
const vm = { moid: 'vm-9', instanceUuid: 'uuid-9' };
const opened = { checks: ['ping'], vm };
const minute = 60_000;
const hour = 60 * minute;

/** In the order in which they act on the fault of `opened`. */
const [first = '', second = '', third = ''] = rendezvousOrder('webbox9/uuid-9', names);

describe('one fault that three controllers see', () => {
  it('is told once, by the first in turn, at once; and its end once, by the builder', async () => {
    const pool = new SimulatedPool(...names);
    pool.happens('fault.opened', opened);
    await pool.clock.advance(2_000);
    expect(pool.sent).toMatchObject([{ by: first, lines: ['webbox9: fault opened: ping failed'] }]);
    await pool.clock.advance(2 * minute);
    pool.happens('fault.closed', { reason: 'rebuilt' }, [second]);
    pool.happens('fault.closed', { reason: 'replaced' }, [first, third]);
    await pool.clock.advance(10 * minute);
    expect(pool.sent.map(({ by }) => by)).toEqual([first, second]);
    expect(pool.told[1]).toBe('webbox9: rebuilt and certified');
  });

  it('has one mail say that a person is asked, although each controller asks; and one more when they ask again', async () => {
    const pool = new SimulatedPool(...names);
    const asks = async (run: string, by: string): Promise<void> => {
      pool.happens('approval.asked', { run, checks: ['ping'] }, [by]);
      await pool.clock.advance(30_000);
    };
    await asks('r1', first);
    await asks('r2', second);
    await pool.clock.advance(hour);
    await asks('r3', first);
    await asks('r4', second);
    await pool.clock.advance(10 * minute);
    expect(pool.sent.map(({ by }) => by)).toEqual([first, first]);
    expect(pool.told[0]).toBe('webbox9: a rebuild waits for approval: ping failed');
  });

  it('is told by the next in turn when the first has died, and by nobody again when it is back', async () => {
    const pool = new SimulatedPool(...names);
    pool.happens('fault.opened', opened);
    pool.controller(first).die();
    await pool.clock.advance(29_000);
    expect(pool.sent).toEqual([]);
    await pool.clock.advance(3_000);
    expect(pool.sent.map(({ by }) => by)).toEqual([second]);
    pool.controller(first).start();
    await pool.clock.advance(10 * minute);
    expect(pool.sent).toHaveLength(1);
  });

  it('is told by the last one when both others have died', async () => {
    const pool = new SimulatedPool(...names);
    pool.happens('fault.opened', opened);
    pool.controller(first).die();
    pool.controller(second).die();
    await pool.clock.advance(2 * minute);
    expect(pool.sent.map(({ by }) => by)).toEqual([third]);
  });

  it('is told by one that reaches the server when the first in turn does not', async () => {
    const pool = new SimulatedPool(...names);
    pool.server = (by) => (by === first ? { kind: 'failed', reason: 'no route' } : { kind: 'told', detail: 'queued' });
    pool.happens('fault.opened', opened);
    await pool.clock.advance(10 * minute);
    expect(pool.sent.map(({ by }) => by)).toEqual([second]);
  });

  it('is told once after an hour without a mail server, although all three have tried', async () => {
    const pool = new SimulatedPool(...names);
    const tried = new Set<string>();
    pool.server = async (by) => {
      tried.add(by);
      await pool.sleep(60_000);
      return pool.clock.now() > hour ? { kind: 'told', detail: 'queued' } : { kind: 'failed', reason: 'hangs' };
    };
    pool.happens('fault.opened', opened);
    await pool.clock.advance(2 * hour);
    expect([...tried].toSorted()).toEqual([...names]);
    expect(pool.told).toEqual(['webbox9: fault opened: ping failed']);
    expect(pool.sent[0]?.at).toBeLessThan(hour + 20 * minute);
  });

  it('is told again when it comes again, however soon', async () => {
    const pool = new SimulatedPool(...names);
    for (let time = 0; time < 3; time += 1) {
      pool.happens('fault.opened', opened);
      await pool.clock.advance(2 * minute);
    }
    expect(pool.told).toHaveLength(3);
  });

  it('that only one of them sees is told by that one in its turn', async () => {
    const pool = new SimulatedPool(...names);
    pool.happens('fault.opened', opened, [third]);
    await pool.clock.advance(3 * minute);
    expect(pool.sent.map(({ by }) => by)).toEqual([third]);
  });

  it('is told by each of those that cannot hear each other: silence says nothing', async () => {
    const pool = new SimulatedPool(...names);
    for (const name of names) for (const other of names) pool.controller(name).unheardBy.add(other);
    pool.happens('fault.opened', opened);
    await pool.clock.advance(5 * minute);
    expect(pool.sent.map(({ by }) => by)).toEqual([first, second, third]);
  });
});

describe('two that would tell at the same moment', () => {
  it('never both do, however their questions and answers cross', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 8, maxLength: 24 }),
        async (delays) => {
          const pool = new SimulatedPool(...names);
          let next = 0;
          const delay = (): number => delays[next++ % delays.length] ?? 0;
          pool.latencyMs = delay;
          pool.server = async () => {
            await pool.sleep(delay());
            return { kind: 'told', detail: 'queued' };
          };
          // Whoever holds first tells first: no turns.
          pool.happens('gate.held', { holds: [{ gate: 'quorum', message: 'one of two' }] });
          await pool.clock.advance(2 * minute);
          expect(pool.told).toEqual(['webbox9: rebuild held: one of two']);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('wait for one that has said that it tells, until it has, or is silent', async () => {
    const pool = new SimulatedPool(...names);
    let hung = 0;
    pool.server = async () => {
      hung += 1;
      if (hung === 1) await pool.sleep(hour);
      return { kind: 'told', detail: 'queued' };
    };
    pool.happens('fault.opened', opened);
    await pool.clock.advance(10 * minute);
    expect(pool.sent).toEqual([]);
    pool.controller(first).die();
    await pool.clock.advance(minute);
    expect(pool.told).toEqual(['webbox9: fault opened: ping failed']);
    expect(pool.sent[0]?.by).not.toBe(first);
  });
});
