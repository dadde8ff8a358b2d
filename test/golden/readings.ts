import type { NodeReading, ReadNode } from '../../src/pool/node-state.ts';
import type { NodeSeen } from '../../src/store/nodes.ts';
import type { Claim, VCenter, Vm } from './vcenter.ts';

/** What one look at vCenter says of a node. */
export interface NodeLook {
  readonly found: NodeReading;
  readonly vm: Vm | undefined;
  /** A claim without a decision, or a half-built VM. */
  readonly pending: { readonly by: string | null; readonly isOver: boolean; readonly fingerprint: string } | null;
}

/** A complete listing of these nodes, as it is at this moment. */
export function lookAtAll(vcenter: VCenter, nodes: readonly string[]): ReadonlyMap<string, NodeLook> {
  const clear = nodes.filter((node) => !vcenter.unclear.has(node));
  return new Map(clear.map((node) => [node, lookAt(vcenter, node)]));
}

function lookAt(vcenter: VCenter, node: string): NodeLook {
  const [vm, second] = vcenter.listed(node).map((each) => ({ ...each }));
  const claim = vcenter.openClaim(node);
  const pending =
    claim === undefined ? leftoverOf(vm) : { by: claim.by, isOver: false, fingerprint: fingerprintOf(claim) };
  if (vm === undefined) return { found: { kind: 'absent' }, vm, pending };
  if (second !== undefined) return { found: { kind: 'ambiguous' }, vm: undefined, pending };
  const { moid, instanceUuid, mark, power, connection, heartbeat } = vm;
  const found = {
    kind: 'vm',
    vm: { moid, instanceUuid },
    mark: mark?.kind ?? 'none',
    by: mark?.by ?? null,
    // Of a host that is not connected, vCenter tells what it knew last.
    power: connection === 'connected' ? power : 'unknown',
    connection,
    heartbeat,
  } as const;
  return { found, vm, pending };
}

function leftoverOf(vm: Vm | undefined): NodeLook['pending'] {
  return vm?.mark?.kind === 'building' ? { by: vm.mark.by, isOver: true, fingerprint: `vm ${vm.moid}` } : null;
}

/** What changes when work on a claim goes on. */
export function fingerprintOf({ incident, generation, run, built }: Claim): string {
  return `${incident}.${generation} ${run} ${built ?? '-'}`;
}

/** The row of the nodes table, as the real discovery writes it. */
export function seenOf(name: string, { vm }: NodeLook, seenAt: string): NodeSeen {
  return {
    name,
    moid: vm?.moid ?? null,
    instance_uuid: vm?.instanceUuid ?? null,
    address: vm?.power === 'on' ? vm.address : null,
    power: vm === undefined ? null : vm.power === 'on' ? 'poweredOn' : 'poweredOff',
    certified: vm?.mark?.kind === 'certified',
    half_built: vm?.mark?.kind === 'building',
    seen_at: seenAt,
  };
}

/** A reading with the time since when this controller sees half-done work unchanged. */
export function readNode({ found, pending }: NodeLook, sinceMs: (fingerprint: string) => number): ReadNode {
  return {
    found,
    pending:
      pending === null ? null : { by: pending.by, isOver: pending.isOver, sinceMs: sinceMs(pending.fingerprint) },
  };
}
