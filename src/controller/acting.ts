import { isHeldHere } from '../pool/check-actions.ts';
import { rankOf } from '../pool/moves.ts';
import type { Turn } from '../pool/turn.ts';
import { Actions } from '../remediation/actions.ts';
import { Approvals } from '../remediation/approvals.ts';
import { Consultations } from '../remediation/consultations.ts';
import { faultMemory } from '../remediation/fault-memory.ts';
import { Leftovers } from '../remediation/leftovers.ts';
import { monotonicNow } from '../remediation/monotonic.ts';
import { OrdersWatch } from '../remediation/orders-watch.ts';
import { Rebuilds } from '../remediation/rebuilds.ts';
import { Reconciler, type ReconcilerMemory } from '../remediation/reconciler.ts';
import { settle } from '../remediation/settle.ts';
import { Steering } from '../remediation/steering.ts';
import type { Machinery } from './machinery.ts';
import { relay } from './relay.ts';

/** Judges and decides; its hands are the other parts. */
export function newReconciler(m: Machinery): Reconciler {
  const { log } = m.options;
  const actions = new Actions({
    parts: () => m.parts(),
    log,
    isCurrent: (node, vm) => m.reconciler.state.nodes[node]?.vm?.instanceUuid === vm?.instanceUuid,
    runCommand: (argv, node, ms) => m.runCommand(argv, node, ms),
  });
  return new Reconciler({
    policy: m.live.policy,
    clock: m.clock,
    log,
    memory: memoryOf(m),
    hands: {
      discover: () => m.discovery.soon(),
      consult: (order) => m.consultations.order(order),
      rebuild: (order) => m.rebuilds.order(order),
      restore: (order) => m.rebuilds.restore(order),
      ask: (order) => m.approvals.ask(order),
      unask: (order) => m.approvals.unask(order),
      act: (order) => actions.order(order),
    },
  });
}

/** Gathers what the others see. */
export function newConsultations(m: Machinery): Consultations {
  return new Consultations({
    inquiry: m.inquiry,
    tell: (event) => m.reconciler.handle(event),
    log: m.options.log,
  });
}

/** Settles what other controllers left. */
export function newLeftovers(m: Machinery): Leftovers {
  const turnOf = (name: string): Turn => {
    const { policy, state } = m.reconciler;
    return { name, policy, pool: state, now: m.clock.now() };
  };
  return new Leftovers({
    clock: m.clock,
    log: m.options.log,
    patienceMs: (node) => (rankOf(turnOf(node), m.reconciler.state.nodes[node]) + 2) * m.reconciler.policy.staggerMs,
    mayAct: (node) => !isHeldHere(turnOf(node)) && m.rebuilds.running.length === 0,
    settle: async (node) => void (await settle(m.parts(), [node])),
  });
}

/** Runs rebuilds and restores. */
export function newRebuilds(m: Machinery): Rebuilds {
  return new Rebuilds({
    parts: () => m.parts(),
    clock: m.clock,
    log: m.options.log,
    tell: (event) => m.reconciler.handle(event),
    onRunEvent: ({ run, node, kind }, event) => {
      if (event.e !== 'task_start') return;
      m.append(node, `${kind}.task`, { step: event.task.step, task: event.task.name }, run);
    },
  });
}

/** Runs that wait for a person. */
export function newApprovals(m: Machinery): Approvals {
  return new Approvals({
    parts: () => m.parts(),
    log: m.options.log,
    tell: (event) => m.reconciler.handle(event),
  });
}

/** Hears what commands on this machine have written. */
export function newOrdersWatch(m: Machinery): OrdersWatch {
  return new OrdersWatch({
    clock: m.clock,
    journal: m.journal,
    now: () => new Date(),
    state: () => m.reconciler.state,
    tell: (event) => m.reconciler.handle(event),
    onTrouble: (error) => m.options.log.error({ err: error }, 'the journal cannot be read'),
  });
}

/** Orders from outside. */
export function newSteering(m: Machinery): Steering {
  return new Steering({
    parts: () => m.parts(),
    state: () => m.reconciler.state,
    policy: () => m.reconciler.policy,
    monotonicMs: () => m.clock.now(),
    consult: (node) => m.consultations.gather(node),
    rebuilds: m.rebuilds,
    tell: (event) => m.reconciler.handle(event),
    relay: (path, body) => relay(m.live, m.inquiry.peers(), path, body),
    heed: () => m.orders.lookNow(),
    isReady: () => m.outside.isRecovered(),
  });
}

function memoryOf(m: Machinery): ReconcilerMemory {
  const memory = faultMemory({
    journal: m.journal,
    monotonicMs: () => m.clock.now(),
    now: () => new Date(),
    bootId: monotonicNow().bootId,
    nodes: () => m.live.nodes,
  });
  return {
    ...memory,
    record: (node, type, data) => {
      if (node !== null && type === 'node.state') m.outlook.changed(node);
      memory.record(node, type, data);
    },
  };
}
