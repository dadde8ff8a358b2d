import { nodeNames, nodeSettings } from '../../config/node-settings.ts';
import type { Config } from '../../config/schema.ts';
import { placeKinds, type ExaminedPlace, type Examination, type PlaceKind } from '../../remediation/examine.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** What each kind is called, and where regrow.yml names it. */
const kinds: Readonly<Record<PlaceKind, { readonly label: string; readonly key: string }>> = {
  datastore: { label: 'datastore', key: 'vcenter.datastore' },
  cluster: { label: 'cluster', key: 'vcenter.cluster' },
  esxi_hostname: { label: 'ESXi host', key: 'vcenter.esxi_hostname' },
  resource_pool: { label: 'resource pool', key: 'vcenter.resource_pool' },
  network: { label: 'network', key: 'vcenter.networks' },
};

/** Whether vCenter has every place where a VM of the pool is put, and lets its user do what a rebuild does. */
export function placeFindings(config: Config, examination: Examination): readonly Finding[] {
  const places = placesOf(config).map((place) => {
    const seen = examination.places.find(({ kind, name }) => kind === place.kind && name === place.name);
    return placeFinding(config, place, seen);
  });
  return [privilegeFinding(config, examination), ...places];
}

function privilegeFinding({ vcenter }: Config, { missingPrivileges, arePrivilegesKnown }: Examination): Finding {
  const { username, folder } = vcenter;
  if (missingPrivileges.length > 0)
    return fail(
      'privileges',
      `${username} lacks on ${folder}: ${missingPrivileges.join(', ')}`,
      'give them to its role, on that folder and with propagation: "A user for vCenter" in docs/operations.md',
    );
  if (arePrivilegesKnown) return ok('privileges', `${username} has on ${folder} what a rebuild asks for`);
  return warn(
    'privileges',
    `vCenter does not tell what ${username} may do on ${folder}`,
    'compare its role with "A user for vCenter" in docs/operations.md',
  );
}

function placeFinding(config: Config, place: NodesPlace, seen: ExaminedPlace | undefined): Finding {
  const { label, key } = kinds[place.kind];
  const nodes = someNodes(config, place);
  const item = `${label} ${place.name}${nodes === '' ? '' : ` (${nodes})`}`;
  if (seen === undefined) return warn(item, 'vCenter said nothing of it', 'run `regrow doctor` again');
  if (seen.state === 'good')
    return ok(item, seen.freeBytes === null ? 'found' : `accessible, ${gibibytes(seen.freeBytes)} free`);
  const where = `${key}${nodes === '' ? '' : ` of ${nodes}`}`;
  const remedy =
    seen.state === 'missing'
      ? `correct ${where}, or let ${config.vcenter.username} see it (System.View, System.Read)`
      : `see to it in vCenter, or name another as ${where}`;
  return fail(item, seen.message, remedy);
}

/** A place, and the nodes that are put there. */
interface NodesPlace {
  readonly kind: PlaceKind;
  readonly name: string;
  readonly nodes: readonly string[];
}

function placesOf(config: Config): readonly NodesPlace[] {
  const found = new Map<string, { kind: PlaceKind; name: string; nodes: string[] }>();
  for (const node of nodeNames(config)) {
    const { vcenter } = nodeSettings(config, node);
    for (const kind of placeKinds) {
      const names = kind === 'network' ? Object.values(vcenter.networks) : [vcenter[kind]];
      for (const name of new Set(names)) {
        if (name === null) continue;
        const place = found.get(`${kind} ${name}`) ?? { kind, name, nodes: [] };
        place.nodes.push(node);
        found.set(`${kind} ${name}`, place);
      }
    }
  }
  return [...found.values()].toSorted((a, b) => placeKinds.indexOf(a.kind) - placeKinds.indexOf(b.kind));
}

/** Empty when it is the place of all nodes. */
function someNodes(config: Config, { nodes }: NodesPlace): string {
  if (nodes.length === config.pool.nodes.length) return '';
  const more = nodes.length - 3;
  return `${nodes.slice(0, 3).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
