import type { Logger } from '../logging.ts';
import { decide, nextWake } from '../pool/decide.ts';
import type { CheckAction, Effect, PoolEvent } from '../pool/events.ts';
import { initialState, type NodeMemory, type PoolState } from '../pool/node-state.ts';
import type { VmIdentity } from '../pool/outcome.ts';
import type { PoolPolicy } from '../pool/policy.ts';
import type { Brake } from '../pool/brake.ts';

/** Monotonic milliseconds, and timers on them. */
export interface ReconcilerClock {
  now(): number;
  /** Calls `work` at that time or soon after; returns how to call it off. */
  at(monotonicMs: number, work: () => void): () => void;
}

/** What is kept over a restart. */
export interface ReconcilerMemory {
  /** What is remembered of each node, in the present's monotonic times. */
  load(): Readonly<Record<string, NodeMemory>>;
  /** When nodes were rebuilt within the last hour, by whomever, and after the pool was last resumed. */
  rebuiltAt(): readonly number[];
  /** The storm brake; `windowMs`: the stability window. */
  brake(windowMs: number): Brake;
  save(node: string, memory: NodeMemory): void;
  record(node: string | null, type: string, data: Readonly<Record<string, unknown>>): void;
  /** All writes of the body, or none. Throws when they cannot be made durable. */
  atomically(body: () => void): void;
}

/** What is to be known of a node before it is decided. */
export type ConsultOrder = Omit<Extract<Effect, { readonly kind: 'consult' }>, 'kind'>;
/** A rebuild that was decided. */
export type RebuildOrder = Omit<Extract<Effect, { readonly kind: 'rebuild' }>, 'kind'>;

/** A restore that was decided. */
export type RestoreOrder = Omit<Extract<Effect, { readonly kind: 'restore' }>, 'kind'>;

/** What does the work. Nothing of it may throw; what comes of it is told by events. */
export interface Hands {
  discover(): void;
  /** Asks the observers of a node about it, and probes it afresh. */
  consult(order: ConsultOrder): void;
  rebuild(order: RebuildOrder): void;
  restore(order: RestoreOrder): void;
  /** Has a run wait for a person's answer. */
  ask(order: Omit<RebuildOrder, 'approved' | 'checks'>): void;
  /** Ends a run that waited. */
  unask(order: Omit<Extract<Effect, { readonly kind: 'unask' }>, 'kind'>): void;
  act(order: {
    readonly node: string;
    readonly vm: VmIdentity | null;
    readonly check: string;
    readonly action: CheckAction;
  }): void;
}

export interface ReconcilerParts {
  readonly policy: PoolPolicy;
  readonly clock: ReconcilerClock;
  readonly memory: ReconcilerMemory;
  readonly hands: Hands;
  readonly log: Logger;
}

/** After a write that failed, the next try, in milliseconds. */
const writeAgainMs = 1_000;
/** What was heard longer ago than this, while the journal could not be written, says nothing of the present. */
const longestBlockMs = 5_000;
/** Measurements beyond this many are dropped while the journal cannot be written: newer ones come. */
const longestQueue = 1_000;

/**
 * The one place where the pool's state changes: events go through `decide`, the memory is made durable, and only then is anything
 * done. When the journal cannot be written nothing is done, and the event is tried again.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #queue: PoolEvent[] = [];
  #policy: PoolPolicy;
  #state: PoolState;
  /** What came due later than this was not considered yet. */
  #decidedAt: number;
  #isBusy = false;
  #callOffWake: () => void = () => undefined;
  #callOffRetry: (() => void) | undefined;
  /** Since when the journal cannot be written. */
  #blockedAt: number | undefined;
  #isStopped = false;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#policy = parts.policy;
    this.#decidedAt = parts.clock.now();
    const { policy, memory, clock } = parts;
    const brake = memory.brake(policy.stabilityWindowMs);
    this.#state = initialState(policy, memory.load(), clock.now(), { rebuiltAt: memory.rebuiltAt(), brake });
    this.#setWake();
  }

  get state(): PoolState {
    return this.#state;
  }

  get policy(): PoolPolicy {
    return this.#policy;
  }

  /** Takes in an event. One that comes while another is worked on waits for it. */
  handle(event: PoolEvent): void {
    if (this.#isStopped) return;
    if (this.#queue.length >= longestQueue && isReplaceable(event)) return;
    this.#queue.push(event);
    this.#work();
  }

  /** Another policy: states stay, for the nodes and checks that stay. */
  replan(policy: PoolPolicy): void {
    this.#policy = policy;
    this.handle({ kind: 'replanned' });
  }

  /** No event is taken in any more, no timer is left. */
  stop(): void {
    this.#isStopped = true;
    this.#callOffWake();
    this.#callOffRetry?.();
  }

  #work(): void {
    if (this.#isBusy || this.#callOffRetry !== undefined) return;
    this.#isBusy = true;
    try {
      for (let event = this.#queue[0]; event !== undefined && !this.#isStopped; event = this.#queue[0]) {
        if (!this.#apply(event)) return;
        this.#queue.shift();
      }
    } finally {
      this.#isBusy = false;
      this.#setWake();
    }
  }

  /** False when what follows from the event could not be made durable. */
  #apply(event: PoolEvent): boolean {
    const now = this.#parts.clock.now();
    const { state, effects } = decide(this.#state, event, this.#policy, now);
    try {
      this.#remember(effects);
    } catch (error) {
      this.#parts.log.error(
        { err: error, event: event.kind },
        'the journal cannot be written: nothing is done until it can',
      );
      this.#tryAgain();
      return false;
    }
    this.#blockedAt = undefined;
    this.#state = state;
    this.#decidedAt = now;
    for (const effect of effects) this.#do(effect);
    return true;
  }

  /** Once more in a while. After a long time what waits is no evidence any more: it is as if this controller had stood still. */
  #tryAgain(): void {
    const { clock } = this.#parts;
    const blockedAt = this.#blockedAt ?? clock.now();
    this.#blockedAt = blockedAt;
    this.#callOffRetry = clock.at(clock.now() + writeAgainMs, () => {
      this.#callOffRetry = undefined;
      const ms = clock.now() - blockedAt;
      if (ms > longestBlockMs) {
        const lasting = this.#queue.filter((event) => !isReplaceable(event) && event.kind !== 'stalled');
        this.#queue.splice(0, this.#queue.length, { kind: 'stalled', ms }, ...lasting);
      }
      this.#work();
    });
  }

  #remember(effects: readonly Effect[]): void {
    const { memory } = this.#parts;
    const durable = effects.filter(({ kind }) => kind === 'save' || kind === 'record' || kind === 'alert');
    if (durable.length === 0) return;
    memory.atomically(() => {
      for (const effect of durable) {
        if (effect.kind === 'save') memory.save(effect.node, effect.memory);
        if (effect.kind === 'record') memory.record(effect.node, effect.type, effect.data);
        if (effect.kind === 'alert') memory.record(effect.node, 'alert.raised', { text: effect.text });
      }
    });
  }

  #do(effect: Effect): void {
    const { hands, log } = this.#parts;
    switch (effect.kind) {
      case 'save':
        return;
      case 'record':
        log.info({ node: effect.node, ...effect.data }, effect.type);
        return;
      case 'alert':
        log.error({ node: effect.node }, effect.text);
        return;
      case 'discover':
        hands.discover();
        return;
      case 'consult':
        hands.consult(effect);
        return;
      case 'rebuild':
        hands.rebuild(effect);
        return;
      case 'restore':
        hands.restore(effect);
        return;
      case 'ask':
        hands.ask(effect);
        return;
      case 'unask':
        hands.unask(effect);
        return;
      case 'act':
        hands.act(effect);
        return;
    }
  }

  #setWake(): void {
    this.#callOffWake();
    const wake = this.#isStopped ? undefined : nextWake(this.#state, this.#policy, this.#decidedAt);
    if (wake !== undefined) this.#callOffWake = this.#parts.clock.at(wake, () => this.handle({ kind: 'time' }));
  }
}

/** Another one will come. */
function isReplaceable(event: PoolEvent): boolean {
  return event.kind === 'measured' || event.kind === 'read' || event.kind === 'unreadable' || event.kind === 'time';
}
