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

const longestWaitMs = 60 * 60_000;

/**
 * Nodes that were rebuilt and certified while their old VM still stands in quarantine: the builder died before it removed it. Anybody
 * finishes that, one at a time.
 */
export class Leftovers {
  readonly #parts: LeftoversParts;
  readonly #since = new Map<string, number>();
  readonly #tries = new Map<string, number>();
  #isBusy = false;

  constructor(parts: LeftoversParts) {
    this.#parts = parts;
  }

  /** What a complete reading shows to be unfinished. */
  seen(nodes: readonly string[]): void {
    const now = this.#parts.clock.now();
    for (const node of this.#since.keys())
      if (!nodes.includes(node)) {
        this.#since.delete(node);
        this.#tries.delete(node);
      }
    for (const node of nodes) if (!this.#since.has(node)) this.#since.set(node, now);
    const due = nodes.find(
      (node) => now - (this.#since.get(node) ?? now) > this.#waitMs(node) && this.#parts.mayAct(node),
    );
    if (due !== undefined && !this.#isBusy) void this.#settle(due);
  }

  /** An old VM that cannot be removed (a backup holds it) is tried less and less often. */
  #waitMs(node: string): number {
    const patienceMs = this.#parts.patienceMs(node);
    return Math.min(patienceMs * 2 ** (this.#tries.get(node) ?? 0), Math.max(patienceMs, longestWaitMs));
  }

  async #settle(node: string): Promise<void> {
    this.#isBusy = true;
    this.#since.set(node, this.#parts.clock.now());
    this.#tries.set(node, (this.#tries.get(node) ?? 0) + 1);
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
