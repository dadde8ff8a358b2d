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

  set(node: string, check: string, result: LatestResult): void {
    const ofNode = this.#results.get(node) ?? new Map<string, LatestResult>();
    ofNode.set(check, result);
    this.#results.set(node, ofNode);
  }

  get(node: string, check: string): LatestResult | undefined {
    return this.#results.get(node)?.get(check);
  }

  /** Forgets the nodes that are not among these. */
  keepOnly(nodes: readonly string[]): void {
    for (const node of this.#results.keys()) if (!nodes.includes(node)) this.#results.delete(node);
  }
}
