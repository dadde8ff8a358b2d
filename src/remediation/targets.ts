import type { PoolState } from '../pool/node-state.ts';
import type { Journal } from '../store/journal.ts';
import type { LastKnown } from '../store/nodes.ts';

/** A node to be measured: where it is, and which VM that is. */
export interface Target {
  readonly name: string;
  /** Undefined when nobody knows it. */
  readonly address: string | undefined;
  /** The VM's instance uuid; null when none is known. */
  readonly subject: string | null;
}

/** Where each node's VM was seen last. vCenter tells; the journal keeps it over restarts and over times without an answer. */
export class Targets {
  readonly #journal: Pick<Journal, 'nodes'>;
  readonly #known = new Map<string, LastKnown>();

  constructor(journal: Pick<Journal, 'nodes'>) {
    this.#journal = journal;
  }

  /**
   * Takes over what the journal knows of these nodes now. An address that another node was given since then is that one's: who answers
   * there says nothing of the VM that had it before.
   */
  refresh(nodes: readonly string[]): void {
    this.#known.clear();
    for (const node of nodes) {
      const known = this.#journal.nodes.lastKnown(node);
      if (known !== undefined) this.#known.set(node, known);
    }
    const lastToldAt = new Map<string, string>();
    for (const { address, address_at: at } of this.#known.values())
      if (address !== null && at !== null && at > (lastToldAt.get(address) ?? '')) lastToldAt.set(address, at);
    for (const [node, known] of this.#known)
      if (known.address !== null && (known.address_at ?? '') < (lastToldAt.get(known.address) ?? ''))
        this.#known.set(node, { ...known, address: null, address_at: null });
  }

  /** An address counts for the VM that it was told of, and for no other. */
  of(name: string, state: PoolState): Target {
    const subject = state.nodes[name]?.vm?.instanceUuid ?? null;
    const known = this.#known.get(name);
    const address = known !== undefined && known.instance_uuid === subject ? (known.address ?? undefined) : undefined;
    return { name, address, subject };
  }

  /** The last address of each node, whichever VM it was. */
  addresses(): ReadonlyMap<string, string> {
    const known = [...this.#known].flatMap(([name, { address }]) =>
      address === null ? [] : [[name, address] as const],
    );
    return new Map(known);
  }
}
