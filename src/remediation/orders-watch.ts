import { isDeepStrictEqual } from 'node:util';
import type { PoolEvent } from '../pool/events.ts';
import type { ActivePause, PoolState } from '../pool/node-state.ts';
import type { Journal } from '../store/journal.ts';
import { answerTo } from './orders.ts';
import type { ReconcilerClock } from './reconciler.ts';

export interface OrdersWatchParts {
  readonly clock: ReconcilerClock;
  readonly journal: Journal;
  readonly now: () => Date;
  /** The state as the reconciler has it. */
  state(): PoolState;
  tell(event: PoolEvent): void;
  /** The journal could not be read; it is read again a moment later. */
  onTrouble(error: unknown): void;
}

/** How often the journal is asked, in milliseconds. */
const everyMs = 1_000;

/** Orders that people give through the journal, by another process of this machine: pauses, their end, and `resume`. */
export class OrdersWatch {
  readonly #parts: OrdersWatchParts;
  #pauses: readonly ActivePause[] = [];
  #version: number | undefined;
  #lastResume = 0;
  #callOff: () => void = () => undefined;

  constructor(parts: OrdersWatchParts) {
    this.#parts = parts;
  }

  /** Looks at once, then every second. */
  start(): void {
    this.#lastResume = this.#parts.journal.events.lastId();
    this.#look();
  }

  stop(): void {
    this.#callOff();
  }

  /** Looks at once: this very process has written orders. */
  lookNow(): void {
    this.#callOff();
    this.#version = undefined;
    this.#look();
  }

  #look(): void {
    try {
      this.#lookAtAnswers();
      this.#lookAtPauses();
      this.#lookAtResumes();
    } catch (error) {
      this.#parts.onTrouble(error);
    }
    this.#callOff = this.#parts.clock.at(this.#parts.clock.now() + everyMs, () => this.#look());
  }

  /** Answers to what is asked, also those that were given while nobody was here. */
  #lookAtAnswers(): void {
    for (const [node, { fault }] of Object.entries(this.#parts.state().nodes)) {
      const { answer: state, run = null } = fault?.approval ?? {};
      const answered = run === null || state !== 'awaited' ? undefined : answerTo(this.#parts.journal, run);
      if (run !== null && answered !== undefined) this.#parts.tell({ kind: 'answered', node, run, ...answered });
    }
  }

  #lookAtPauses(): void {
    const pauses = this.#parts.journal.pauses
      .active(this.#parts.now().toISOString())
      .map(({ scope, reason, until }) => ({ scope, reason, until }));
    if (isDeepStrictEqual(pauses, this.#pauses)) return;
    this.#pauses = pauses;
    this.#parts.tell({ kind: 'pauses', pauses });
  }

  /** `resume` of the pool is an event: what happened before it counts no more. Told by its id, whatever the wall clock says. */
  #lookAtPoolResumes(): void {
    const resumed = this.#parts.journal.events.lately(['pool.resumed'], '').at(-1);
    if (resumed === undefined || resumed.id <= this.#lastResume) return;
    this.#lastResume = resumed.id;
    this.#parts.tell({ kind: 'pool-resumed' });
  }

  /** `resume` marks the faults in the journal; only another process does. */
  #lookAtResumes(): void {
    const version = this.#parts.journal.foreignVersion();
    if (version === this.#version) return;
    this.#lookAtPoolResumes();
    for (const { node, state, closed_at: closedAt } of this.#parts.journal.faults.latest()) {
      const course = this.#parts.state().nodes[node]?.fault?.course.kind;
      if (state !== 'resumed' || closedAt !== null || (course !== 'exhausted' && course !== 'held')) continue;
      this.#parts.tell({ kind: 'resumed', node });
    }
    this.#version = version;
  }
}
