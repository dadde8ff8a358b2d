import type { Logger } from '../logging.ts';
import type { ReconcilerClock } from './reconciler.ts';

export interface LeftoversParts {
  readonly clock: ReconcilerClock;
  readonly log: Logger;
  /** How long a leftover of this node has to be seen before this controller sees to it: the others have their turns, too. */
  patienceMs(node: string): number;
  /** Whether nothing here holds acting on the node: pauses, modes. */
  mayAct(node: string): boolean;
  /** Finishes what was committed for the node, and removes what dead runs left. */
  settle(node: string): Promise<void>;
}

/**
 * Nodes that were rebuilt and certified while their old VM still stands in quarantine: the builder died before it removed it. Anybody
 * finishes that, one at a time.
 */
export class Leftovers {
  readonly #parts: LeftoversParts;
  readonly #since = new Map<string, number>();
  #isBusy = false;

  constructor(parts: LeftoversParts) {
    this.#parts = parts;
  }

  /** What a complete reading shows to be unfinished. */
  seen(nodes: readonly string[]): void {
    const now = this.#parts.clock.now();
    for (const node of this.#since.keys()) if (!nodes.includes(node)) this.#since.delete(node);
    for (const node of nodes) if (!this.#since.has(node)) this.#since.set(node, now);
    const due = nodes.find(
      (node) => now - (this.#since.get(node) ?? now) > this.#parts.patienceMs(node) && this.#parts.mayAct(node),
    );
    if (due !== undefined && !this.#isBusy) void this.#settle(due);
  }

  async #settle(node: string): Promise<void> {
    this.#isBusy = true;
    // Once more after the same patience, should it fail.
    this.#since.set(node, this.#parts.clock.now());
    try {
      this.#parts.log.info({ node }, 'finishing what another controller left');
      await this.#parts.settle(node);
    } catch (error) {
      this.#parts.log.error({ err: error, node }, 'what another controller left could not be finished');
    } finally {
      this.#isBusy = false;
    }
  }
}
