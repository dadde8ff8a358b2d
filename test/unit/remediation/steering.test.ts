import { describe, expect, it } from 'vitest';
import type { Consultation } from '../../../src/pool/consultation.ts';
import { decide } from '../../../src/pool/decide.ts';
import type { PoolEvent } from '../../../src/pool/events.ts';
import type { PoolState } from '../../../src/pool/node-state.ts';
import type { RebuildWish } from '../../../src/pool/order.ts';
import type { RebuildStart } from '../../../src/remediation/rebuild.ts';
import type { SlotHolder } from '../../../src/remediation/slot.ts';
import { decisionOf } from '../../../src/remediation/decision.ts';
import { Steering, type SteeringParts } from '../../../src/remediation/steering.ts';
import { configOf, minimalText } from '../config/sample.ts';
import { certified, judged, nodeOf, now, policyOf, vote } from '../pool/act-case.ts';
import { calm } from '../../../src/pool/brake.ts';
import { temporaryFolder, temporaryJournal } from '../store/folders.ts';

const wish: RebuildWish = { trigger: 'api', by: 'alice', reason: 'a test', force: [], isDryRun: false, judged: null };
const at = new Date('2026-01-01T10:00:00.000Z');
const nodes = ['web1', 'web2', 'web3'];
const started: RebuildStart = {
  kind: 'refused',
  result: {
    run: 'r1',
    node: 'web3',
    outcome: 'refused',
    gate: 'a_late_gate',
    class: null,
    step: null,
    message: 'late',
    remedy: null,
    address: null,
    fenced: false,
    pending: null,
  },
};

const slotHolder: SlotHolder = {
  run: 'r0',
  node: 'web2',
  pid: 1,
  start_time: 1,
  boot_id: 'b',
  since: at.toISOString(),
};

/** The daemon of web1 in a pool in which web2 agrees that web3 has failed, unless told otherwise. */
function daemon(more: Partial<SteeringParts> & { readonly consultation?: Partial<Consultation> } = {}) {
  const journal = temporaryJournal();
  const config = configOf(`${minimalText}state_dir: ${temporaryFolder()}\n`);
  const policy = policyOf(nodes, { self: 'web1', builder: 'web1' });
  const ordered: unknown[] = [];
  const relayed: unknown[] = [];
  let heeded = 0;
  const steering = new Steering({
    parts: () => ({
      config,
      journal,
      env: {},
      builder: 'web1',
      self: 'web1',
      isTakenOut: false,
      command: [],
      now: () => at,
    }),
    state: () => ({
      nodes: Object.fromEntries(
        nodes.map((name) => [name, nodeOf(policy, { read: { found: certified, pending: null } })]),
      ),
      pauses: [],
      isReadable: true,
      rebuiltAt: [],
      brake: calm,
    }),
    policy: () => policy,
    monotonicMs: () => now,
    consult: async () => ({
      votes: [vote('web2')],
      confirmation: { status: 'failed', detail: 'no answer' },
      self: { loopLagMs: 20, stalledAgoMs: null, freeBytes: 1e12, isWitnessReached: null },
      rollout: null,
      ...more.consultation,
    }),
    rebuilds: {
      orderByHand: async (...order) => {
        ordered.push(order);
        return started;
      },
    },
    relay: async (...told) => {
      relayed.push(told);
      return [
        { name: 'web2', error: null },
        { name: 'web3', error: 'it did not answer in time' },
      ];
    },
    tell: () => undefined,
    heed: () => (heeded += 1),
    isReady: () => true,
    ...more,
  });
  return { steering, journal, ordered, relayed, heeded: () => heeded };
}

describe('a rebuild that a person orders of the daemon', () => {
  it('is begun when every gate passes, for the VM that the daemon knows, and names who ordered it and why', async () => {
    const { steering, ordered, journal } = daemon();
    await steering.rebuild('web3', wish);
    expect(ordered).toMatchObject([['web3', { trigger: 'api', by: 'alice', reason: 'a test', judged, force: [] }]]);
    expect(journal.events.list({ node: 'web3' })).toMatchObject([
      { type: 'decision', data: { acts: true, by: 'alice', reason: 'a test', vm: judged } },
    ]);
  });

  it('is refused by the first gate that holds, with its facts, and recorded', async () => {
    const alive = { votes: [vote('web2', { answer: 'healthy' })] };
    const { steering, ordered, journal } = daemon({ consultation: alive });
    const result = await steering.rebuild('web3', wish);
    expect(result).toMatchObject({ kind: 'refused', gate: 'quorum', message: 'web2 sees it alive' });
    expect(result).toMatchObject({ facts: { vetoes: ['web2'], holding: ['quorum'] } });
    expect(ordered).toEqual([]);
    const [run] = journal.runs.list();
    expect(run).toMatchObject({ kind: 'rebuild', outcome: 'refused', gate: 'quorum', step: 'gates', trigger: 'api' });
    expect(result).toMatchObject({ run: run?.id });
    expect(journal.events.list()).toMatchObject([
      { type: 'decision', run: run?.id, data: { acts: false } },
      { type: 'rebuild.requested', data: { by: 'alice', reason: 'a test' } },
      { type: 'rebuild.refused', data: { gate: 'quorum' } },
    ]);
    expect(run && decisionOf(journal, run)?.gates).toContainEqual(
      expect.objectContaining({ gate: 'quorum', holds: true }),
    );
  });

  it('of a node that answers has nothing to do, unless more than signs of life holds it', async () => {
    const found = { status: 'ok', detail: 'web3 answers' } as const;
    const alive = { votes: [vote('web2', { answer: 'healthy' })], confirmation: found };
    const { steering, ordered, journal } = daemon({ consultation: alive });
    expect(await steering.rebuild('web3', wish)).toMatchObject({
      kind: 'accepted',
      status: 'ended',
      more: { outcome: 'already_healthy', message: expect.stringContaining('web3 answers') },
    });
    expect(journal.runs.list()).toMatchObject([{ outcome: 'already_healthy', gate: null }]);
    const changing = daemon({ consultation: { ...alive, rollout: 'the image is being copied' } });
    expect(await changing.steering.rebuild('web3', wish)).toMatchObject({ kind: 'refused' });
    expect([...ordered, ...changing.ordered]).toEqual([]);
    const forced = { ...wish, force: ['quorum', 'confirm'] };
    await steering.rebuild('web3', forced);
    expect(ordered).toMatchObject([['web3', { force: forced.force }]]);
  });

  it.each([
    ['already_replaced', null, 'vm-8/uuid-8'],
    ['in_progress_elsewhere', { sinceMs: now - 1_000 }, null],
  ] as const)(
    'whose VM has another one after it, or that somebody is at, has nothing to do: %s',
    async (outcome, claim, named) => {
      const pending = claim && { ...claim, by: 'web2', isOver: false };
      const { steering, ordered, journal } = daemon({
        state: () => ({
          nodes: { web3: nodeOf(policyOf(nodes), { read: { found: certified, pending } }) },
          pauses: [],
          isReadable: true,
          rebuiltAt: [],
          brake: calm,
        }),
      });
      const result = await steering.rebuild('web3', { ...wish, judged: named });
      expect(result).toMatchObject({ kind: 'accepted', status: 'ended', more: { outcome } });
      expect(journal.runs.list()).toMatchObject([{ outcome }]);
      expect(ordered).toEqual([]);
    },
  );

  it('of Monit that is held leaves no run: Monit repeats it', async () => {
    const { steering, journal } = daemon({ consultation: { votes: [vote('web2', { answer: 'healthy' })] } });
    const result = await steering.rebuild('web3', { ...wish, trigger: 'monit' });
    expect(result).toMatchObject({ kind: 'refused', run: null });
    expect(journal.runs.list()).toEqual([]);
    expect(journal.events.list()).toMatchObject([{ type: 'decision', run: null }]);
  });

  it('overrides the gates that are named, and no other', async () => {
    const alive = { votes: [vote('web2', { answer: 'healthy' })], rollout: 'the image is being copied' };
    const { steering, ordered, journal } = daemon({ consultation: alive });
    expect(await steering.rebuild('web3', { ...wish, force: ['quorum'] })).toMatchObject({ gate: 'rollout' });
    await steering.rebuild('web3', { ...wish, force: ['quorum', 'rollout'] });
    expect(ordered).toMatchObject([['web3', { force: ['quorum', 'rollout'] }]]);
    expect(journal.events.list().at(-1)).toMatchObject({ data: { force: ['quorum', 'rollout'], acts: true } });
  });

  it.each(['own_node', 'taken_out', 'eligibility', 'identity_changed', 'fence_unproven', 'nonsense'])(
    'never overrides %s',
    async (gate) => {
      const { steering, ordered } = daemon();
      const result = await steering.rebuild('web3', { ...wish, force: ['quorum', gate] });
      expect(result).toMatchObject({ kind: 'refused', gate, message: expect.stringContaining('cannot be overridden') });
      expect(ordered).toEqual([]);
    },
  );

  it('does not rebuild its own machine, whatever is forced', async () => {
    const { steering } = daemon();
    const force = ['quorum', 'confirm', 'heartbeat', 'self_trust'];
    expect(await steering.rebuild('web1', { ...wish, force })).toMatchObject({ kind: 'refused', gate: 'own_node' });
  });

  it('needs a node of the pool, and a daemon that has settled what was left', async () => {
    expect(await daemon().steering.rebuild('web9', wish)).toMatchObject({ kind: 'unknown' });
    expect(await daemon({ isReady: () => false }).steering.rebuild('web3', wish)).toMatchObject({ kind: 'conflict' });
    expect(await daemon().steering.restore('web9', wish)).toMatchObject({ kind: 'unknown' });
    expect(await daemon({ isReady: () => false }).steering.restore('web3', wish)).toMatchObject({ kind: 'conflict' });
  });

  it('is no approval when Monit orders it', async () => {
    const policy = policyOf(nodes, { self: 'web1', builder: 'web1', mode: 'approve' });
    const { steering, ordered, journal } = daemon({ policy: () => policy });
    const result = await steering.rebuild('web3', { ...wish, trigger: 'monit', by: 'Monit' });
    expect(result).toMatchObject({ kind: 'refused', gate: 'approval' });
    expect(journal.events.list()).toMatchObject([{ data: { acts: false, case: { order: { trigger: 'monit' } } } }]);
    expect(ordered).toEqual([]);
    await steering.rebuild('web3', wish);
    expect(ordered).toHaveLength(1);
  });

  it('has a person asked when nothing else is missing to an order of Monit, and answers with the run that waits', async () => {
    const policy = policyOf(nodes, { self: 'web1', builder: 'web1', mode: 'approve' });
    const read = { found: certified, pending: null };
    const heard: PoolEvent[] = [];
    let pool: PoolState = {
      nodes: Object.fromEntries(nodes.map((name) => [name, nodeOf(policy, { read })])),
      pauses: [],
      isReadable: true,
      rebuiltAt: [],
      brake: calm,
    };
    const tell = (event: PoolEvent): void => {
      heard.push(event);
      pool = decide(pool, event, policy, now).state;
      if (event.kind === 'ordered') tell({ kind: 'asked', node: 'web3', run: 'r7' });
    };
    const { steering } = daemon({ policy: () => policy, state: () => pool, tell });
    const order: RebuildWish = { ...wish, trigger: 'monit', by: 'Monit' };
    const waits = { kind: 'accepted', run: 'r7', node: 'web3', status: 'awaiting_approval' };
    expect(await steering.rebuild('web3', order)).toEqual(waits);
    expect(heard[0]).toEqual({ kind: 'ordered', node: 'web3', vm: judged });
    expect(await steering.rebuild('web3', order)).toEqual(waits);

    const alive = { votes: [vote('web2', { answer: 'healthy' })] };
    const held = daemon({ policy: () => policy, tell: () => expect.unreachable(), consultation: alive });
    expect(await held.steering.rebuild('web3', order)).toMatchObject({ kind: 'refused' });
  });

  it('gives Monit no more than the daemon allows itself', async () => {
    const policy = policyOf(nodes, { self: 'web1', builder: 'web1' });
    const tried = nodeOf(policy, { attempts: 1, lastAttemptAt: now - 1_000 });
    const { steering, ordered } = daemon({
      state: () => ({ nodes: { web3: tried }, pauses: [], isReadable: true, rebuiltAt: [], brake: calm }),
    });
    const monits: RebuildWish = { ...wish, trigger: 'monit' };
    expect(await steering.rebuild('web3', monits)).toMatchObject({ kind: 'refused', gate: 'backoff' });
    expect(ordered).toEqual([]);
    await steering.rebuild('web3', wish);
    expect(ordered).toHaveLength(1);
  });

  it('tells of a gate that closed in the last moment', async () => {
    expect(await daemon().steering.rebuild('web3', wish)).toMatchObject({ kind: 'refused', gate: 'a_late_gate' });
  });
});

describe('a restore that is ordered of the daemon', () => {
  it.each(['api', 'monit'] as const)(
    'is begun as the daemon begins its own, and says who ordered it: %s',
    async (trigger) => {
      const { steering, ordered } = daemon();
      await steering.restore('web3', { trigger, by: 'alice', reason: 'settings' });
      expect(ordered).toMatchObject([
        ['web3', { kind: 'restore', trigger, by: 'alice', reason: 'settings', force: [] }],
      ]);
    },
  );

  it('tells of a gate that holds it, and of a busy machine', async () => {
    const restore = async (start: RebuildStart): Promise<unknown> =>
      daemon({ rebuilds: { orderByHand: async () => start } }).steering.restore('web3', wish);
    expect(await restore(started)).toMatchObject({ kind: 'refused', gate: 'a_late_gate' });
    const busy = { kind: 'busy', live: 'controller', holder: slotHolder } as const;
    expect(await restore({ kind: 'busy', busy })).toMatchObject({ kind: 'conflict', facts: { run: 'r0' } });
  });
});

describe('a pause', () => {
  it('is for every controller of the pool, and says which do not follow', async () => {
    const { steering, journal, relayed, heeded } = daemon();
    const result = await steering.pause({
      node: null,
      forMs: 366 * 86_400_000,
      isLocal: false,
      by: 'alice',
      reason: 'move',
    });
    expect(result).toMatchObject({
      kind: 'accepted',
      status: 'paused',
      more: { controllers: ['web1', 'web2'], unreached: [{ name: 'web3', error: 'it did not answer in time' }] },
    });
    expect(relayed).toEqual([['/v1/pause', { reason: 'move', by: 'alice', for: '31622400s', local: true }]]);
    expect(journal.pauses.active(at.toISOString())).toMatchObject([{ scope: 'pool', by: 'alice' }]);
    expect(heeded()).toBe(1);
  });

  it('of one node, and its end, are told to the others in the same way', async () => {
    const { steering, relayed } = daemon();
    await steering.pause({ node: 'web3', forMs: null, isLocal: false, by: 'alice', reason: '' });
    const end = await steering.resume({ node: 'web3', isLocal: false, by: 'bob', reason: 'done' });
    expect(relayed).toMatchObject([
      ['/v1/nodes/web3/pause', {}],
      ['/v1/nodes/web3/resume', { by: 'bob', local: true }],
    ]);
    expect(end).toMatchObject({ status: 'resumed', more: { cleared: { by: 'alice' } } });
  });

  it('for one controller is told to nobody', async () => {
    const { steering, relayed } = daemon();
    const result = await steering.pause({ node: null, forMs: null, isLocal: true, by: 'alice', reason: '' });
    expect(relayed).toEqual([]);
    expect(result).toMatchObject({ more: { controllers: ['web1'], unreached: [] } });
    expect(await steering.pause({ node: 'web9', forMs: null, isLocal: true, by: '', reason: '' })).toMatchObject({
      kind: 'unknown',
    });
  });
});
