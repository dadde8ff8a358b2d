import { RegrowError } from '../../src/errors.ts';
import type { FaultRecord, Faults } from '../../src/store/faults.ts';
import type { JournalEvent } from '../../src/store/events.ts';
import type { Journal } from '../../src/store/journal.ts';
import type { LastKnown, NodeRecord, Nodes } from '../../src/store/nodes.ts';
import type { Observations } from '../../src/store/observations.ts';

/** The part of a journal that a controller's memory of faults is made of. */
export type MemoryJournal = Pick<Journal, 'faults' | 'nodes' | 'events' | 'observations' | 'atomically'>;

interface Tables {
  readonly faults: readonly FaultRecord[];
  readonly nodes: ReadonlyMap<string, NodeRecord>;
  readonly known: ReadonlyMap<string, LastKnown>;
  readonly events: readonly JournalEvent[];
  readonly observations: ReadonlyMap<string, { fingerprint: string; bootId: string; firstMs: number }>;
}

/** A journal in memory, for tests that restart controllers by the thousand. It passes the suite of the real one. */
export class FakeJournal implements MemoryJournal {
  /** No more can be written, as on a full disk. */
  isFull = false;
  readonly faults: Faults;
  readonly nodes: Nodes;
  readonly observations: Observations;
  readonly events: MemoryJournal['events'];
  #tables: Tables = { faults: [], nodes: new Map(), known: new Map(), events: [], observations: new Map() };

  constructor() {
    this.faults = this.#faultsTable();
    this.nodes = this.#nodesTable();
    this.observations = this.#observationsTable();
    this.events = this.#eventsTable();
  }

  atomically<T>(work: () => T): T {
    const before = this.#tables;
    try {
      return work();
    } catch (error) {
      this.#tables = before;
      throw error;
    }
  }

  #write(change: Partial<Tables>): void {
    if (this.isFull) throw new RegrowError('JOURNAL_UNUSABLE', 'The journal: its file system is full');
    this.#tables = { ...this.#tables, ...change };
  }

  #faultsTable(): Faults {
    const isOpen = (node: string) => (fault: FaultRecord) => fault.node === node && fault.closed_at === null;
    return {
      save: (fault) => {
        const { faults } = this.#tables;
        const open = faults.find(isOpen(fault.node));
        const saved = { ...fault, closed_at: null };
        if (open === undefined) this.#write({ faults: [...faults, saved] });
        else {
          const next = { ...saved, opened_at: open.opened_at };
          this.#write({ faults: faults.map((each) => (each === open ? next : each)) });
        }
      },
      close: (node, closedAt, attempts) => {
        const { faults } = this.#tables;
        const last = faults.findLast((each) => each.node === node);
        this.#write({
          faults: faults.map((each) => {
            const closed = isOpen(node)(each) ? { ...each, closed_at: closedAt } : each;
            return each === last ? { ...closed, ...attempts } : closed;
          }),
        });
      },
      latest: () => {
        const latest = new Map(this.#tables.faults.map((fault) => [fault.node, fault]));
        return [...latest.values()].toSorted((a, b) => (a.node < b.node ? -1 : 1));
      },
      resume: (node) => {
        const isMeant = (fault: FaultRecord): boolean =>
          fault.closed_at === null &&
          (fault.state === 'exhausted' || fault.state === 'held') &&
          (node === null || fault.node === node);
        const { faults } = this.#tables;
        const blank = { state: 'resumed', attempts: 0, last_attempt_at: null };
        this.#write({ faults: faults.map((fault) => (isMeant(fault) ? { ...fault, ...blank } : fault)) });
        return faults.filter(isMeant).map((fault) => fault.node);
      },
    };
  }

  #nodesTable(): Nodes {
    return {
      upsert: ({ half_built: isHalfBuilt = false, ...node }) => {
        const { nodes, known } = this.#tables;
        const before = nodes.get(node.name);
        const olderByMs = before === undefined ? 0 : Date.parse(before.seen_at) - Date.parse(node.seen_at);
        if (olderByMs > 0 && olderByMs <= 600_000) return;
        const { connection = null, heartbeat = null } = node;
        this.#write({ nodes: new Map(nodes).set(node.name, { ...node, connection, heartbeat }) });
        const { moid, instance_uuid, address } = node;
        if (!moid || !instance_uuid || isHalfBuilt) return;
        const last = known.get(node.name);
        const same = last?.instance_uuid === instance_uuid ? last : undefined;
        const next: LastKnown = {
          moid,
          instance_uuid,
          address: address ?? same?.address ?? null,
          address_at: address === null ? (same?.address_at ?? null) : node.seen_at,
          proven_boot: same?.proven_boot ?? null,
        };
        this.#write({ known: new Map(known).set(node.name, next) });
      },
      get: (name) => this.#tables.nodes.get(name),
      lastVm: (name) => {
        const known = this.#tables.known.get(name);
        return known && { moid: known.moid, instance_uuid: known.instance_uuid };
      },
      lastKnown: (name) => this.#tables.known.get(name),
      prove: (name, instanceUuid, bootId) => {
        const known = this.#tables.known.get(name);
        if (known?.instance_uuid !== instanceUuid) return;
        this.#write({ known: new Map(this.#tables.known).set(name, { ...known, proven_boot: bootId }) });
      },
      all: () => [...this.#tables.nodes.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    };
  }

  #observationsTable(): Observations {
    return {
      seen: (key, fingerprint, bootId, monotonicMs) => {
        const known = this.#tables.observations.get(key);
        const isSame = known?.fingerprint === fingerprint && known.bootId === bootId && known.firstMs <= monotonicMs;
        const firstMs = isSame ? known.firstMs : Math.floor(monotonicMs);
        const entry = { fingerprint, bootId, firstMs };
        this.#write({ observations: new Map(this.#tables.observations).set(key, entry) });
        return firstMs;
      },
      unchangedSince: (keyPrefix, bootId, sinceMs) =>
        [...this.#tables.observations]
          .filter(([key, seen]) => key.startsWith(keyPrefix) && seen.bootId === bootId && seen.firstMs <= sinceMs)
          .map(([, { fingerprint }]) => fingerprint),
      forget: (key) => {
        const observations = new Map(this.#tables.observations);
        observations.delete(key);
        this.#write({ observations });
      },
    };
  }

  #eventsTable(): MemoryJournal['events'] {
    return {
      lately: (types, since, of) =>
        this.#tables.events.filter(
          ({ type, at, node }) => at >= since && types.includes(type) && (of === undefined || node === of),
        ),
      append: ({ at, run = null, node = null, type, data }) => {
        const id = this.#tables.events.length + 1;
        this.#write({ events: [...this.#tables.events, { id, at, run, node, type, data }] });
        return id;
      },
      list: ({ run, node, type, after = 0, limit = 1000 } = {}) =>
        this.#tables.events
          .filter((event) => event.id > after)
          .filter((event) => type === undefined || `${event.type}.`.startsWith(`${type}.`))
          .filter((event) => (run === undefined || event.run === run) && (node === undefined || event.node === node))
          .slice(0, limit),
      lastId: () => this.#tables.events.length,
      onAppended: () => () => {},
    };
  }
}
