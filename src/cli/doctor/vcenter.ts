import { RegrowError } from '../../errors.ts';
import type { Config } from '../../config/schema.ts';
import type { Examination } from '../../remediation/examine.ts';
import type { NodeSeen } from '../../store/nodes.ts';
import { fail, ok, warn, type Finding } from './finding.ts';
import { placeFindings } from './places.ts';

/** How vCenter is read, by Ansible. Each throws RegrowError when it cannot be. */
export interface VcenterReaders {
  /** Reads the whole pool. */
  readonly discover: () => Promise<readonly NodeSeen[]>;
  /** Asks for the places of the pool's VMs and for the privileges. Changes nothing. */
  readonly examine: () => Promise<Examination>;
}

const placesItem = 'privileges, datastore, cluster, network';

/** Whether vCenter lets us in and shows the pool's folder, what it shows there, and whether it has what a new VM needs. */
export async function vcenterFindings(config: Config, readers: VcenterReaders): Promise<readonly Finding[]> {
  const { vcenter, pool } = config;
  const read = await orWhyNot(`vcenter ${vcenter.hostname}`, async (item) => {
    const nodes = await readers.discover();
    return [ok(item, `login and folder ${vcenter.folder} are good`), poolFinding(pool.nodes.length, nodes)];
  });
  if (read.every(({ status }) => status !== 'fail'))
    return [...read, ...(await orWhyNot(placesItem, async () => placeFindings(config, await readers.examine())))];
  // What this reading could not reach, another one cannot either: one trouble is told once.
  const remedy = 'see to vCenter first, then run `regrow doctor` again';
  return [...read, warn(placesItem, 'not examined, since vCenter could not be read', remedy)];
}

async function orWhyNot(
  item: string,
  examine: (item: string) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await examine(item);
  } catch (error) {
    if (!(error instanceof RegrowError)) throw error;
    return [fail(item, error.message, error.remedy ?? 'read the log of the run with `regrow logs`')];
  }
}

function poolFinding(wanted: number, nodes: readonly NodeSeen[]): Finding {
  const present = nodes.filter(({ moid }) => moid !== null);
  const certified = present.filter((node) => node.certified);
  const detail = `${present.length} of ${wanted} VMs exist, ${certified.length} certified`;
  if (certified.length === wanted) return ok('pool', detail);
  const remedy =
    present.length < wanted
      ? 'deploy what is missing with `regrow bootstrap`'
      : 'see `regrow status`; a VM without the certifying note is never touched';
  return warn('pool', detail, remedy);
}
