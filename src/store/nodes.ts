import type { StoreDatabase } from './database.ts';

/** What vCenter last said about a node. Times are ISO UTC. */
export interface NodeSeen {
  readonly name: string;
  /** Null when there is no VM of that name. */
  readonly moid: string | null;
  readonly instance_uuid: string | null;
  readonly address: string | null;
  /** vCenter's word: `poweredOn`, `poweredOff`, `suspended`. */
  readonly power: string | null;
  /** vCenter's word for its host: `connected`, `disconnected`, `notResponding` ... */
  readonly connection?: string | null | undefined;
  /** vCenter's word for the guest: `green`, `yellow`, `red`, `gray`. Green is evidence of life; the others prove nothing. */
  readonly heartbeat?: string | null | undefined;
  readonly certified: boolean;
  /** Somebody is building it, or left it half built: it is not the node's last known VM. */
  readonly half_built?: boolean | undefined;
  readonly seen_at: string;
}

/** A node as recorded. */
export interface NodeRecord extends Omit<NodeSeen, 'half_built'> {
  readonly connection: string | null;
  readonly heartbeat: string | null;
}

/** One VM, by vCenter's names for it. */
export interface KnownVm {
  readonly moid: string;
  readonly instance_uuid: string;
}

/** What outlives a reading in which the VM shows no address, or is not there. */
export interface LastKnown extends KnownVm {
  /** The last address that vCenter told of this VM, and when (ISO UTC). */
  readonly address: string | null;
  readonly address_at: string | null;
  /** The boot of this machine in which this controller saw the VM healthy. */
  readonly proven_boot: string | null;
}

export interface Nodes {
  /** Records what was seen. A report that another one overtook changes nothing; a clock that was set back does not count as that. */
  upsert(node: NodeSeen): void;
  get(name: string): NodeRecord | undefined;
  /** The last VM that was seen under the name, also when there is none any more. */
  lastVm(name: string): KnownVm | undefined;
  /** The same with what is known of it. */
  lastKnown(name: string): LastKnown | undefined;
  /** Remembers that this VM was seen healthy in this boot. */
  prove(name: string, instanceUuid: string, bootId: string): void;
  /** By name. */
  all(): readonly NodeRecord[];
}

type Row = Omit<NodeRecord, 'certified'> & { readonly certified: number };

/** Two readings that run at once end this close together at most; a report that is older by more comes from a clock that was set back. */
const overtakenByMs = 10 * 60 * 1000;

/** The nodes table: the last known identity and address of each. */
export function createNodes(database: StoreDatabase): Nodes {
  const upsert = database.prepare<Row & { readonly overtaken_days: number }>(
    `INSERT INTO nodes VALUES (@name, @moid, @instance_uuid, @address, @power, @connection, @heartbeat, @certified, @seen_at)
     ON CONFLICT (name) DO UPDATE SET moid = excluded.moid, instance_uuid = excluded.instance_uuid, address = excluded.address,
     power = excluded.power, connection = excluded.connection, heartbeat = excluded.heartbeat, certified = excluded.certified,
     seen_at = excluded.seen_at
     WHERE excluded.seen_at >= nodes.seen_at OR julianday(nodes.seen_at) - julianday(excluded.seen_at) > @overtaken_days`,
  );
  const remember = database.prepare<
    KnownVm & { readonly name: string; readonly address: string | null; readonly at: string }
  >(
    `INSERT INTO identities (name, moid, instance_uuid, address, address_at)
     VALUES (@name, @moid, @instance_uuid, @address, iif(@address IS NULL, NULL, @at))
     ON CONFLICT (name) DO UPDATE SET moid = excluded.moid, instance_uuid = excluded.instance_uuid,
     address = iif(instance_uuid = excluded.instance_uuid, coalesce(excluded.address, address), excluded.address),
     address_at = iif(instance_uuid = excluded.instance_uuid, coalesce(excluded.address_at, address_at), excluded.address_at),
     proven_boot = iif(instance_uuid = excluded.instance_uuid, proven_boot, NULL)`,
  );
  const prove = database.prepare<{ name: string; instanceUuid: string; bootId: string }>(
    'UPDATE identities SET proven_boot = @bootId WHERE name = @name AND instance_uuid = @instanceUuid',
  );
  const selectKnown = database.prepare<[string], LastKnown>(
    'SELECT moid, instance_uuid, address, address_at, proven_boot FROM identities WHERE name = ?',
  );
  const selectVm = database.prepare<[string], KnownVm>('SELECT moid, instance_uuid FROM identities WHERE name = ?');
  const select = database.prepare<[string], Row>('SELECT * FROM nodes WHERE name = ?');
  const selectAll = database.prepare<[], Row>('SELECT * FROM nodes ORDER BY name');
  const toNode = (row: Row): NodeRecord => ({ ...row, certified: row.certified !== 0 });
  return {
    upsert: (node) => {
      const { half_built: isHalfBuilt = false, ...seen } = node;
      const { name, moid, instance_uuid, connection = null, heartbeat = null } = seen;
      database.write(() => {
        const certified = node.certified ? 1 : 0;
        const row = { ...seen, connection, heartbeat, certified, overtaken_days: overtakenByMs / 86_400_000 };
        const { changes } = upsert.run(row);
        if (changes > 0 && moid && instance_uuid && !isHalfBuilt)
          remember.run({ name, moid, instance_uuid, address: node.address, at: node.seen_at });
      });
    },
    get: (name) => database.read(() => select.all(name).map(toNode)[0]),
    lastVm: (name) => database.read(() => selectVm.get(name)),
    lastKnown: (name) => database.read(() => selectKnown.get(name)),
    prove: (name, instanceUuid, bootId) => {
      database.write(() => prove.run({ name, instanceUuid, bootId }));
    },
    all: () => database.read(() => selectAll.all().map(toNode)),
  };
}
