import type { ResultStatus } from '../pool/check-state.ts';

/** The newest result of a check. */
export interface LatestResult {
  readonly status: ResultStatus;
  /** ISO UTC. */
  readonly at: string;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  readonly latencyMs: number | null;
  readonly detail: string;
}

/** The newest result of every check, in memory: it is measured anew in a moment. */
export class LatestResults {
  readonly #results = new Map<string, Map<string, LatestResult>>();
  readonly #counted = new Map<string, Map<string, number>>();

  set(node: string, check: string, result: LatestResult): void {
    const ofNode = this.#results.get(node) ?? new Map<string, LatestResult>();
    ofNode.set(check, result);
    this.#results.set(node, ofNode);
    if (result.status === 'unknown') return;
    const counted = this.#counted.get(node) ?? new Map<string, number>();
    counted.set(check, result.atMs);
    this.#counted.set(node, counted);
  }

  /** When a check last said anything of the node, in monotonic milliseconds: what is unknown says nothing. */
  countedAtMs(node: string, check: string): number | undefined {
    return this.#counted.get(node)?.get(check);
  }

  get(node: string, check: string): LatestResult | undefined {
    return this.#results.get(node)?.get(check);
  }

  /** Forgets the nodes that are not among these. */
  keepOnly(nodes: readonly string[]): void {
    for (const results of [this.#results, this.#counted])
      for (const node of results.keys()) if (!nodes.includes(node)) results.delete(node);
  }
}
