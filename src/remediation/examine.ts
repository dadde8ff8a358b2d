import { toRecord } from '../ansible/event.ts';
import type { ControllerParts } from './controller-parts.ts';
import { readVcenter } from './vcenter-reading.ts';

/** Where a VM can be put, named as in the configuration; `network` is one of vCenter. */
export const placeKinds = ['datastore', 'cluster', 'esxi_hostname', 'resource_pool', 'network'] as const;
export type PlaceKind = (typeof placeKinds)[number];

/** What vCenter says of one place. */
export interface ExaminedPlace {
  readonly kind: PlaceKind;
  readonly name: string;
  /** `missing`: not there, or hidden from the user. `unusable`: there, and nothing can be put there now. */
  readonly state: 'good' | 'missing' | 'unusable';
  /** What is wrong; empty when nothing is. */
  readonly message: string;
  /** Of a datastore that is good. */
  readonly freeBytes: number | null;
}

/** What vCenter has for the VMs of the pool, and what its user lacks on the pool's folder. */
export interface Examination {
  readonly places: readonly ExaminedPlace[];
  readonly missingPrivileges: readonly string[];
  /** Whether vCenter tells of the user's privileges. */
  readonly arePrivilegesKnown: boolean;
}

/** Asks vCenter what the preflight of a rebuild asks, for all nodes, in one run of examine.yml. Changes nothing. Throws DISCOVERY_FAILED. */
export async function examinePlaces(parts: ControllerParts): Promise<Examination> {
  return readVcenter(parts, {
    playbook: 'examine.yml',
    module: 'regrow_places',
    extraVars: (run) => ({ regrow_run: run }),
    parse: examinationOf,
  });
}

function examinationOf({ places, privileges }: Readonly<Record<string, unknown>>): Examination | undefined {
  const told = toRecord(privileges);
  if (!Array.isArray(places) || told === undefined) return undefined;
  const items: readonly unknown[] = places;
  return {
    places: items.flatMap(placeOf),
    missingPrivileges: textsOf(told['missing']),
    arePrivilegesKnown: textsOf(told['unknown']).length === 0,
  };
}

function placeOf(value: unknown): readonly ExaminedPlace[] {
  const told = toRecord(value);
  const kind = placeKinds.find((each) => each === told?.['kind']);
  const name = told?.['name'];
  if (kind === undefined || typeof name !== 'string') return [];
  const { class: failure, message, free_bytes: freeBytes } = told ?? {};
  const isGood = message === null;
  return [
    {
      kind,
      name,
      state: isGood ? 'good' : failure === 'no_capacity' ? 'unusable' : 'missing',
      message: typeof message === 'string' ? message : '',
      freeBytes: typeof freeBytes === 'number' ? freeBytes : null,
    },
  ];
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
