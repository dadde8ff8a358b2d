import { describe, expect, it } from 'vitest';
import { calm } from '../../../src/pool/brake.ts';
import { blankNode, type PoolState } from '../../../src/pool/node-state.ts';
import { Targets } from '../../../src/remediation/targets.ts';
import type { NodeSeen } from '../../../src/store/nodes.ts';
import { policyOf } from '../pool/act-case.ts';
import { temporaryJournal } from '../store/folders.ts';

const names = ['b', 'c'];
const policy = policyOf(names);
const nodes = Object.fromEntries(
  names.map((name) => [name, { ...blankNode(policy, 0), vm: { moid: `vm-${name}`, instanceUuid: `uuid-${name}` } }]),
);
const state: PoolState = { nodes, pauses: [], isReadable: true, rebuiltAt: [], brake: calm };

function seen(name: string, address: string | null, minute: number): NodeSeen {
  const vm = { moid: `vm-${name}`, instance_uuid: `uuid-${name}` };
  const seenAt = `2026-01-01T10:${String(minute).padStart(2, '0')}:00.000Z`;
  return { name, ...vm, address, power: 'poweredOn', certified: true, seen_at: seenAt };
}

/** Where both are measured after vCenter told this. */
function targetsAfter(...told: readonly NodeSeen[]): readonly (string | undefined)[] {
  const journal = temporaryJournal();
  for (const each of told) journal.nodes.upsert(each);
  const targets = new Targets(journal);
  targets.refresh(names);
  return names.map((name) => targets.of(name, state).address);
}

describe('where a node is measured', () => {
  it('is the last address that vCenter told of its VM', () =>
    expect(targetsAfter(seen('b', '10.0.0.2', 1), seen('c', '10.0.0.3', 1), seen('c', null, 2))).toEqual([
      '10.0.0.2',
      '10.0.0.3',
    ]));

  it('is not known when another node was given its address since: who answers there is that one', () =>
    expect(targetsAfter(seen('c', '10.0.0.3', 1), seen('c', null, 2), seen('b', '10.0.0.3', 3))).toEqual([
      '10.0.0.3',
      undefined,
    ]));

  it('is told for both when vCenter shows both there at once', () =>
    expect(targetsAfter(seen('b', '10.0.0.3', 1), seen('c', '10.0.0.3', 1))).toEqual(['10.0.0.3', '10.0.0.3']));
});
