import { toRecord } from '../ansible/event.ts';
import { nodeNames } from '../config/node-settings.ts';
import type { NodeReading, ReadNode } from '../pool/node-state.ts';
import type { NodeSeen } from '../store/nodes.ts';
import { pendingOf } from './conclude-rebuild.ts';
import type { ControllerParts } from './controller-parts.ts';
import { notePending, readingVars } from './protocol-vars.ts';
import { readVcenter } from './vcenter-reading.ts';

/** A complete reading of the pool. */
export interface PoolReading {
  readonly seen: readonly NodeSeen[];
  /** What the state machine is to know of each node. One of which it could not be told what others do is left out. */
  readonly nodes: Readonly<Record<string, ReadNode>>;
  /** Nodes that were rebuilt while the VM that they replaced still stands in quarantine. */
  readonly unfinished: readonly string[];
}

/**
 * Asks vCenter for the whole pool in one run of discover.yml, and records every node as seen. Throws DISCOVERY_FAILED;
 * then nothing is recorded: what could not be read is not gone.
 */
export async function discoverPool(parts: ControllerParts): Promise<PoolReading> {
  const { found, nodes } = await readVcenter(parts, {
    playbook: 'discover.yml',
    module: 'regrow_pool_info',
    extraVars: (run) => readingVars(parts, nodeNames(parts.config), run),
    parse: (answer) => {
      const read = toRecord(answer['nodes']);
      return read && { found: answer, nodes: read };
    },
  });
  const seenAt = parts.now().toISOString();
  const seen = Object.entries(nodes).map(([name, vms]) => nodeSeen(name, vms, seenAt));
  const read = parts.journal.atomically(() => {
    for (const node of seen) parts.journal.nodes.upsert(node);
    return readNodes(parts, nodes, found);
  });
  const unfinished: readonly unknown[] = Array.isArray(found['unfinished']) ? found['unfinished'] : [];
  return { seen, nodes: read, unfinished: unfinished.filter((name) => typeof name === 'string') };
}

/** The reading as the state machine takes it. */
function readNodes(
  parts: ControllerParts,
  nodes: Readonly<Record<string, unknown>>,
  found: Readonly<Record<string, unknown>>,
): Readonly<Record<string, ReadNode>> {
  const unclear = toRecord(found['unclear']) ?? {};
  const others = toRecord(found['pending']) ?? {};
  const clear = Object.entries(nodes).filter(([name]) => !Object.hasOwn(unclear, name));
  return Object.fromEntries(
    clear.map(([name, vms]): [string, ReadNode] => {
      const pending = pendingOf(others[name]);
      const sinceMs = pending === null ? null : notePending(parts, name, pending);
      return [
        name,
        {
          found: reading(vms, parts.config.pool.name),
          pending: sinceMs === null ? null : { by: pending?.by ?? null, sinceMs, isOver: pending?.isOver === true },
        },
      ];
    }),
  );
}

function reading(vms: unknown, pool: string): NodeReading {
  if (!Array.isArray(vms) || vms.length > 1) return { kind: 'ambiguous' };
  const vm = toRecord(vms[0]);
  if (vm === undefined) return { kind: 'absent' };
  const [moid, instanceUuid] = [text(vm['moid']), text(vm['instance_uuid'])];
  // A VM whose configuration cannot be read has no identity: nothing is concluded about it.
  if (moid === null || instanceUuid === null) return { kind: 'ambiguous' };
  const mark = toRecord(vm['mark']);
  const kind = mark?.['pool'] === pool ? mark['kind'] : undefined;
  return {
    kind: 'vm',
    vm: { moid, instanceUuid },
    mark: kind === 'certified' || kind === 'building' ? kind : 'none',
    by: text(mark?.['by']),
    // Of a host that is not connected, vCenter tells what it knew last.
    power: vm['connection'] === 'connected' ? powerOf(vm['power']) : 'unknown',
    connection: text(vm['connection']),
    heartbeat: text(vm['heartbeat']),
  };
}

function powerOf(power: unknown): Extract<NodeReading, { readonly kind: 'vm' }>['power'] {
  return power === 'on' || power === 'off' || power === 'suspended' ? power : 'unknown';
}

/** Two VMs of a name are no identity: such a node is recorded as having none. */
function nodeSeen(name: string, vms: unknown, seenAt: string): NodeSeen {
  const only: unknown = Array.isArray(vms) && vms.length === 1 ? vms[0] : undefined;
  const vm = toRecord(only);
  const addresses: readonly unknown[] = Array.isArray(vm?.['addresses']) ? vm['addresses'] : [];
  return {
    name,
    moid: text(vm?.['moid']),
    instance_uuid: text(vm?.['instance_uuid']),
    address: text(addresses[0]),
    power: vm === undefined ? null : powerName(vm['power']),
    connection: text(vm?.['connection']),
    heartbeat: text(vm?.['heartbeat']),
    certified: toRecord(vm?.['mark'])?.['kind'] === 'certified',
    half_built: toRecord(vm?.['mark'])?.['kind'] === 'building',
    seen_at: seenAt,
  };
}

function powerName(power: unknown): string | null {
  if (power === 'on') return 'poweredOn';
  return power === 'off' ? 'poweredOff' : text(power);
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
