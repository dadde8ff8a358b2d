import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { calm } from '../../../src/pool/brake.ts';
import type { PoolEvent } from '../../../src/pool/events.ts';
import type { PoolState } from '../../../src/pool/node-state.ts';
import { Approvals } from '../../../src/remediation/approvals.ts';
import { orderAnswer } from '../../../src/remediation/orders.ts';
import { OrdersWatch } from '../../../src/remediation/orders-watch.ts';
import { configOf, minimalText } from '../config/sample.ts';
import { faulty, policyOf } from '../pool/act-case.ts';
import { temporaryJournal } from '../store/folders.ts';

const order = { node: 'web3', judged: { moid: 'vm-9', instanceUuid: 'uuid-9' }, attempt: 1 };
const now = (): Date => new Date('2026-01-01T10:00:00.000Z');

function asking() {
  const journal = temporaryJournal();
  const told: PoolEvent[] = [];
  const parts = {
    config: configOf(minimalText),
    journal,
    env: {},
    builder: 'web1',
    self: 'web1',
    isTakenOut: false,
    command: [],
    now,
  };
  const tell = (event: PoolEvent): void => void told.push(event);
  const approvals = new Approvals({ parts: () => parts, log: pino({ level: 'silent' }), tell });
  return { approvals, journal, told, tell };
}

/** A pool in which that run waits for an answer about web3. */
function waiting(run: string): PoolState {
  const node = faulty(policyOf(['web1', 'web3']));
  const approval = { vm: null, run, answer: 'awaited', by: null, reason: '', until: 1e12 } as const;
  const asked = { ...node, fault: node.fault && { ...node.fault, approval } };
  return { nodes: { web3: asked }, pauses: [], isReadable: true, rebuiltAt: [], brake: calm };
}

describe('a question to a person', () => {
  it('is a run of the journal that waits, and is told by its name', () => {
    const { approvals, journal, told } = asking();
    approvals.ask(order);
    const [run] = journal.runs.awaiting();
    expect(run).toMatchObject({ node: 'web3', state: 'awaiting_approval', trigger: 'monitor', outcome: null });
    expect(told).toEqual([{ kind: 'asked', node: 'web3', run: run?.id }]);
    expect(journal.events.list({ run: run?.id })).toMatchObject([{ type: 'rebuild.requested' }]);
  });

  it('ends with an outcome and its reason, once', () => {
    const { approvals, journal } = asking();
    approvals.ask(order);
    const run = journal.runs.awaiting()[0]?.id ?? '';
    for (let times = 0; times < 2; times++)
      approvals.unask({ node: 'web3', run, outcome: 'cancelled', message: 'nobody approved it in time' });
    expect(journal.runs.get(run)).toMatchObject({ state: 'done', outcome: 'cancelled', gate: 'approval' });
    expect(journal.events.list({ run }).map(({ type }) => type)).toEqual(['rebuild.requested', 'rebuild.cancelled']);
  });

  it('that no fault asks any more, since its daemon was killed, ends at the next start', () => {
    const { approvals, journal } = asking();
    approvals.ask(order);
    approvals.ask(order);
    const [kept = '', dropped = ''] = journal.runs.awaiting().map(({ id }) => id);
    approvals.recover(waiting(kept));
    expect(journal.runs.awaiting().map(({ id }) => id)).toEqual([kept]);
    expect(journal.runs.get(dropped)).toMatchObject({ outcome: 'cancelled' });
  });

  it('is told the answer that another process wrote, before the start as well', () => {
    const { approvals, journal, told, tell } = asking();
    approvals.ask(order);
    const run = journal.runs.awaiting()[0]?.id ?? '';
    orderAnswer(journal, run, 'given', { by: 'alice', reason: 'go on' }, now());
    const clock = { now: () => 0, at: () => () => undefined };
    const watch = new OrdersWatch({ clock, journal, now, state: () => waiting(run), tell, onTrouble: () => undefined });
    watch.start();
    const answered = { kind: 'answered', node: 'web3', run, answer: 'given', by: 'alice', reason: 'go on' };
    expect(told).toContainEqual(answered);
    watch.stop();
  });
});
