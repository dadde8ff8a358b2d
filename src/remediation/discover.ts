import { toRecord } from '../ansible/event.ts';
import { classifyFailure } from '../ansible/classify.ts';
import { newRunId } from '../ansible/run-id.ts';
import { startRun } from '../ansible/start-run.ts';
import { RegrowError } from '../errors.ts';
import { remedyFor } from '../pool/remedy.ts';
import type { NodeSeen } from '../store/nodes.ts';
import type { ControllerParts } from './controller-parts.ts';
import { baseSpec } from './playbook-run.ts';
import { pruneRuns } from './run-journal.ts';

const deadlineMs = 120_000;

/**
 * Asks vCenter for the whole pool in one run of discover.yml, and records every node as seen. Throws DISCOVERY_FAILED;
 * then nothing is recorded: what could not be read is not gone.
 */
export async function discoverPool(parts: ControllerParts): Promise<readonly NodeSeen[]> {
  const run = newRunId(parts.now().getTime());
  const base = await baseSpec(parts, run, 'discover.yml');
  const handle = await startRun({ ...base, expectedHosts: ['localhost'], deadlineMs, extraVars: { regrow_run: run } });
  let found: Record<string, unknown> | undefined;
  for await (const event of handle.events()) {
    if (event.e === 'ok' && event.task.action === 'regrow_pool_info') found = toRecord(event.res['regrow']);
  }
  const end = await handle.result;
  const nodes = toRecord(found?.['nodes']);
  if (end.kind !== 'ok' || nodes === undefined) {
    const failure = classifyFailure(end);
    throw new RegrowError('DISCOVERY_FAILED', `vCenter could not be read (${failure}): ${end.message}`, {
      facts: { run, class: failure },
      remedy: remedyFor(failure),
    });
  }
  const seenAt = parts.now().toISOString();
  const seen = Object.entries(nodes).map(([name, vms]) => nodeSeen(name, vms, seenAt));
  parts.journal.atomically(() => {
    for (const node of seen) parts.journal.nodes.upsert(node);
  });
  pruneRuns(parts);
  return seen;
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
