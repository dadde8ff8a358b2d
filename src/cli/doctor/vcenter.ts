import { RegrowError } from '../../errors.ts';
import type { Config } from '../../config/schema.ts';
import type { NodeSeen } from '../../store/nodes.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Reads the whole pool from vCenter, by Ansible. Throws RegrowError when it cannot. */
export type RunDiscover = () => Promise<readonly NodeSeen[]>;

/** Whether vCenter lets us in and shows the pool's folder, and what it shows. */
export async function vcenterFindings(
  { vcenter, pool }: Config,
  runDiscover: RunDiscover,
): Promise<readonly Finding[]> {
  const item = `vcenter ${vcenter.hostname}`;
  try {
    const nodes = await runDiscover();
    const detail = `login and folder ${vcenter.folder} are good`;
    return [ok(item, detail), poolFinding(pool.nodes.length, nodes)];
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
