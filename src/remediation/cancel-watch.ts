import type { RunEvent } from '../ansible/event.ts';
import type { RunHandle } from '../ansible/run-spec.ts';
import { stopPoint } from '../pool/stop-point.ts';
import type { ControllerParts } from './controller-parts.ts';
import { cancelOf, isOldDestroyed } from './orders.ts';
import type { ProtocolFact } from './rebuild-facts.ts';

/** How often the journal is asked whether a person wants the run stopped, in milliseconds. */
const everyMs = 1_000;

/**
 * Stops a run that a person cancelled, at its next safe point. The order stands in the journal, so that any process may give it, and
 * whoever attends the run obeys it, also after a restart.
 */
export class CancelWatch {
  readonly #parts: ControllerParts;
  readonly #handle: RunHandle;
  readonly #timer: NodeJS.Timeout;
  #step: string | null = null;
  #isOldGone = false;

  constructor(parts: ControllerParts, handle: RunHandle) {
    this.#parts = parts;
    this.#handle = handle;
    this.#timer = setInterval(() => this.#look(), everyMs);
    this.#timer.unref();
  }

  /** Takes in where the run is by now. */
  saw(event: RunEvent, fact: ProtocolFact | undefined): void {
    if (event.e === 'task_start' && event.task.step !== null) this.#step = event.task.step;
    if (fact !== undefined && isOldDestroyed(fact)) this.#isOldGone = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (stopPoint({ step: this.#step, isOldGone: this.#isOldGone }) !== 'now') return;
    const order = this.#order();
    if (order === undefined) return;
    this.stop();
    void this.#handle.cancel(`by ${order.by}${order.reason === '' ? '' : `: ${order.reason}`}`);
  }

  /** A journal that cannot be read for a moment must not end the attendance. */
  #order(): ReturnType<typeof cancelOf> {
    try {
      return cancelOf(this.#parts.journal, this.#handle.id);
    } catch {
      return undefined;
    }
  }
}
