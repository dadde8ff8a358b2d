import { newRunId } from '../ansible/run-id.ts';
import { nodeNames } from '../config/node-settings.ts';
import type { Consultation } from '../pool/consultation.ts';
import { forceableGates, type GateResult } from '../pool/gates.ts';
import { blankNode, type NodeState, type PoolState } from '../pool/node-state.ts';
import { answers, overtaken, type NothingToDo } from '../pool/nothing-to-do.ts';
import type { Orderer, OrderResult, PauseWish, RebuildWish, RestoreWish, ResumeWish } from '../pool/order.ts';
import type { VmIdentity } from '../pool/outcome.ts';
import type { PoolEvent } from '../pool/events.ts';
import type { PoolPolicy } from '../pool/policy.ts';
import { caseOf } from '../pool/replay.ts';
import { orderGates } from '../pool/restraints.ts';
import type { Turn } from '../pool/turn.ts';
import { blankResult, type RebuildResult } from './conclude-rebuild.ts';
import type { ControllerParts } from './controller-parts.ts';
import { orderAnswer, orderCancel, orderPause, orderResume } from './orders.ts';
import type { RebuildStart } from './rebuild.ts';
import { recordUnbegun, type RunIntent } from './run-journal.ts';
import type { Rebuilds } from './rebuilds.ts';
import { slotHolder, type SlotBusy } from './slot.ts';

/** What came of handing an order on to another controller. */
export interface Relayed {
  readonly name: string;
  /** Why it does not follow; null when it does. */
  readonly error: string | null;
}

export interface SteeringParts {
  parts(): ControllerParts;
  state(): PoolState;
  policy(): PoolPolicy;
  monotonicMs(): number;
  /** What has to be known just before an act. */
  consult(node: string): Promise<Consultation>;
  readonly rebuilds: Pick<Rebuilds, 'orderByHand'>;
  /** Has every other controller of the pool do the same; `path` as in the HTTP interface. */
  relay(path: string, body: Readonly<Record<string, unknown>>): Promise<readonly Relayed[]>;
  /** What happens to a node's fault by an order. */
  tell(event: PoolEvent): void;
  /** Orders were written into the journal. */
  heed(): void;
  /** Whether what an earlier process left is settled. */
  isReady(): boolean;
}

/** An order of a rebuild, and the run that records it when nothing is begun; null: none does. */
interface Ordered {
  readonly node: string;
  readonly judged: VmIdentity | null;
  readonly wish: RebuildWish;
  readonly record: string | null;
}

/** Orders of people, and of Monit, to this daemon. A rebuild goes through the daemon's own gates. */
export class Steering {
  readonly #parts: SteeringParts;

  constructor(parts: SteeringParts) {
    this.#parts = parts;
  }

  async rebuild(node: string, wish: RebuildWish): Promise<OrderResult> {
    const parts = this.#parts.parts();
    const obstacle = this.#obstacle(node) ?? notForceable(wish.force) ?? busy(await slotHolder(parts.config.state_dir));
    if (obstacle !== undefined) return obstacle;
    const consultation = await this.#parts.consult(node);
    const judged = judgedOf(wish, this.#parts.state().nodes[node]);
    // Monit repeats its orders: they would fill the history.
    const record = wish.trigger === 'monit' ? null : newRunId(parts.now().getTime());
    const order: Ordered = { node, judged, wish, record };
    const overtaking = overtaken(this.#moment(), this.#parts.state().nodes[node]?.read ?? null, namedIn(wish));
    if (overtaking !== undefined) return this.#nothingToDo(order, overtaking);
    const gates = this.#decide(order, consultation);
    const holding = gates.find(({ holds }) => holds);
    if (holding !== undefined) {
      const alive = answers(gates);
      if (alive !== undefined) return this.#nothingToDo(order, alive);
      return this.#asked(order, gates) ?? this.#refused(order, holding, gates);
    }
    return answerOf(node, await this.#parts.rebuilds.orderByHand(node, intentOf(wish, judged)));
  }

  /** Pauses, modes and the slot hold a restore by hand as they hold the daemon's own. */
  async restore(node: string, { by, reason, trigger }: RestoreWish): Promise<OrderResult> {
    const obstacle = this.#obstacle(node);
    if (obstacle !== undefined) return obstacle;
    const start = await this.#parts.rebuilds.orderByHand(node, {
      kind: 'restore',
      trigger,
      by,
      reason: reason === '' ? null : reason,
      force: [],
      dryRun: false,
      judged: this.#parts.state().nodes[node]?.vm ?? undefined,
    });
    return answerOf(node, start);
  }

  async pause(wish: PauseWish): Promise<OrderResult> {
    const { node, forMs, reason, by } = wish;
    if (node !== null && !this.#knows(node)) return unknownNode(node);
    const { journal, now } = this.#parts.parts();
    const { replaced, ...pause } = orderPause(journal, wish, now());
    const body = { reason, by, ...(forMs === null ? {} : { for: `${Math.ceil(forMs / 1000)}s` }) };
    const reached = await this.#everywhere(node, 'pause', wish.isLocal, body);
    return { kind: 'accepted', run: null, node, status: 'paused', more: { ...reached, pause, replaced } };
  }

  async resume(wish: ResumeWish): Promise<OrderResult> {
    const { node, reason, by } = wish;
    if (node !== null && !this.#knows(node)) return unknownNode(node);
    const { journal, now } = this.#parts.parts();
    const { cleared, retried, remaining } = orderResume(journal, wish, now());
    const reached = await this.#everywhere(node, 'resume', wish.isLocal, { reason, by });
    return { kind: 'accepted', run: null, node, status: 'resumed', more: { ...reached, cleared, retried, remaining } };
  }

  approve(run: string, orderer: Orderer): Promise<OrderResult> {
    return this.#answer(run, 'given', orderer);
  }

  reject(run: string, orderer: Orderer): Promise<OrderResult> {
    return this.#answer(run, 'rejected', orderer);
  }

  cancel(run: string, orderer: Orderer): Promise<OrderResult> {
    const { journal, now } = this.#parts.parts();
    const result = orderCancel(journal, run, orderer, now());
    this.#parts.heed();
    return Promise.resolve(result);
  }

  /** A person's word is all that an order of Monit lacks: he is asked. Undefined: more is missing, or he cannot be asked. */
  #asked({ node, judged, wish }: Ordered, gates: readonly GateResult[]): OrderResult | undefined {
    if (wish.trigger !== 'monit' || gates.some(({ gate, holds }) => holds && gate !== 'approval')) return undefined;
    this.#parts.tell({ kind: 'ordered', node, vm: judged });
    const { run = null, answer } = this.#parts.state().nodes[node]?.fault?.approval ?? {};
    return run === null || answer !== 'awaited'
      ? undefined
      : { kind: 'accepted', run, node, status: 'awaiting_approval' };
  }

  #nothingToDo(order: Ordered, { outcome, message }: NothingToDo): OrderResult {
    const { node, record } = order;
    this.#recordEnded(order, { outcome, message });
    return { kind: 'accepted', run: record, node, status: 'ended', more: { outcome, message } };
  }

  #refused(order: Ordered, { gate, message, facts }: GateResult, gates: readonly GateResult[]): OrderResult {
    const holding = gates.filter(({ holds }) => holds).map((each) => each.gate);
    this.#recordEnded(order, { outcome: 'refused', gate, message });
    return { kind: 'refused', run: order.record, gate, message, facts: { ...facts, holding } };
  }

  /** A run of which nothing was begun: who asked is told later why nothing came of it. */
  #recordEnded(
    { node, judged, wish, record }: Ordered,
    why: Pick<RebuildResult, 'outcome' | 'message'> & { readonly gate?: string },
  ): void {
    if (record === null) return;
    const result = { ...blankResult(record, node), step: 'gates', ...why };
    recordUnbegun(this.#parts.parts(), { ...intentOf(wish, judged), nodes: [node] }, record, result);
  }

  #answer(run: string, answer: 'given' | 'rejected', orderer: Orderer): Promise<OrderResult> {
    const { journal, now } = this.#parts.parts();
    const result = orderAnswer(journal, run, answer, orderer, now());
    this.#parts.heed();
    return Promise.resolve(result);
  }

  #knows(node: string): boolean {
    return nodeNames(this.#parts.parts().config).includes(node);
  }

  #obstacle(node: string): OrderResult | undefined {
    if (!this.#knows(node)) return unknownNode(node);
    return this.#parts.isReady() ? undefined : conflict('What an earlier process left is not settled yet.', {});
  }

  #moment(): Omit<Turn, 'name'> {
    return { pool: this.#parts.state(), policy: this.#parts.policy(), now: this.#parts.monotonicMs() };
  }

  /** Every gate, with what was overridden; recorded as the daemon's own decisions are. */
  #decide({ node: name, judged, wish, record }: Ordered, consultation: Consultation): readonly GateResult[] {
    const { by, reason, trigger, force, isDryRun } = wish;
    const moment = this.#moment();
    const { pool, policy, now } = moment;
    const node = asJudged(pool.nodes[name] ?? blankNode(policy, now), judged, now);
    const order = { trigger, force, isDryRun };
    const gates = orderGates({ turn: { ...moment, name }, node, consultation, order });
    const acts = gates.every(({ holds }) => !holds);
    const evidence = { ...caseOf({ node: name, now, state: node, pool, consultation }), order };
    const data = { vm: judged, acts, gates, by, reason, force, dry_run: isDryRun, case: evidence };
    const { journal, now: wall } = this.#parts.parts();
    // A run that acts has an id of its own.
    const run = acts ? null : record;
    journal.events.append({ at: wall().toISOString(), run, node: name, type: 'decision', data });
    return gates;
  }

  /**
   * Here, and unless it is for here alone, on every other controller that can be reached: who follows, and who does not. A pause is heeded
   * here first, and its end last: this controller asks the others before it acts.
   */
  async #everywhere(
    node: string | null,
    verb: 'pause' | 'resume',
    isLocal: boolean,
    body: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    if (verb === 'pause') this.#parts.heed();
    const { builder } = this.#parts.parts();
    const path = node === null ? `/v1/${verb}` : `/v1/nodes/${node}/${verb}`;
    const relayed = isLocal ? [] : await this.#parts.relay(path, { ...body, local: true });
    if (verb === 'resume') this.#parts.heed();
    const followed = relayed.flatMap(({ name, error }) => (error === null ? [name] : []));
    return { controllers: [builder, ...followed], unreached: relayed.filter(({ error }) => error !== null) };
  }
}

/** The node as if it had failed just now: what an order by hand is asked about. */
function asJudged(node: NodeState, vm: VmIdentity | null, now: number): NodeState {
  const blank = { openedAt: now, acted: [], restores: {}, isAbandoned: false, approval: null, decided: null } as const;
  return { ...node, fault: { ...(node.fault ?? { ...blank, course: { kind: 'watching' } }), vm } };
}

function answerOf(node: string, start: RebuildStart): OrderResult {
  switch (start.kind) {
    case 'started':
      return { kind: 'accepted', run: start.run, node, status: 'running' };
    case 'busy':
      return busy(start.busy) ?? conflict('A rebuild already runs on this machine.', {});
    case 'refused':
      return {
        kind: 'refused',
        run: start.result.run,
        gate: start.result.gate ?? 'unknown',
        message: start.result.message,
        facts: {},
      };
  }
}

function intentOf(
  { trigger, by, reason, force, isDryRun }: RebuildWish,
  judged: VmIdentity | null,
): Omit<RunIntent, 'nodes' | 'kind'> & { readonly kind: 'rebuild' } {
  return {
    kind: 'rebuild',
    trigger,
    by,
    reason: reason === '' ? null : reason,
    force,
    dryRun: isDryRun,
    judged: judged ?? undefined,
  };
}

function judgedOf(wish: RebuildWish, node: NodeState | undefined): VmIdentity | null {
  return namedIn(wish) ?? node?.fault?.vm ?? node?.vm ?? null;
}

/** The VM that an order names. */
function namedIn({ judged }: RebuildWish): VmIdentity | null {
  if (judged === null) return null;
  const [moid = '', instanceUuid = ''] = judged.split('/');
  return { moid, instanceUuid };
}

function notForceable(force: readonly string[]): OrderResult | undefined {
  const gate = force.find((each) => !forceableGates.includes(each));
  if (gate === undefined) return undefined;
  const message = `it cannot be overridden; these can: ${forceableGates.join(', ')}`;
  return { kind: 'refused', gate, message, facts: { force } };
}

function busy(holder: SlotBusy | undefined): OrderResult | undefined {
  if (holder === undefined) return undefined;
  const { run = null, node = null } = holder.holder ?? {};
  return conflict(`A rebuild of ${node ?? 'a node'} already runs on this machine (run ${run ?? '?'}).`, { run, node });
}

function conflict(message: string, facts: Readonly<Record<string, unknown>>): OrderResult {
  return { kind: 'conflict', message, facts };
}

function unknownNode(node: string): OrderResult {
  return { kind: 'unknown', message: `The pool has no node ${JSON.stringify(node)}.` };
}
