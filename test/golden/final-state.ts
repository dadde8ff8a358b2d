import { conditionOf } from '../../src/pool/condition.ts';
import type { World } from './world.ts';

/** How a scenario ended: what each controller thinks of each node, and what is in vCenter. */
export function finalState(world: World): unknown {
  const views = [...world.machines.values()].map(({ name, daemon }) => {
    if (daemon === undefined) return [name, 'does not run'];
    const { state: pool, policy } = daemon.reconciler;
    const now = daemon.now();
    const conditions = Object.entries(pool.nodes).map(([node, state]) => {
      const { kind } = conditionOf({ name: node, pool, policy, now }, state);
      return [node, kind];
    });
    return [name, Object.fromEntries(conditions)];
  });
  const vms = world.vcenter.vms.map(({ name, moid, mark, power, isAlive }) => {
    // Which id a new VM has depends on how many attempts there were.
    const shown = name.replace(moid, 'ID');
    return `${shown} ${mark?.kind ?? 'unmarked'} ${power}${isAlive ? ', alive' : ''}`;
  });
  const openClaims = world.vcenter.claims.filter(({ decision }) => decision === 'open').map(({ incident }) => incident);
  return { views: Object.fromEntries(views), vms: vms.toSorted(), openClaims };
}

/** What may happen once at most, and did more often. */
export function repeatedDeeds(lines: readonly string[]): readonly string[] {
  const deeds = lines.map((line) => line.slice(line.indexOf('  ') + 2));
  const once = deeds.filter((deed) =>
    /^vcenter +(power off|quarantine|create|certify|destroy|commit|claim) /.test(deed),
  );
  return once.filter((deed, index) => once.indexOf(deed) !== index);
}

/** How often each controller took each action of a check. */
export function actsOf(lines: readonly string[]): ReadonlyMap<string, number> {
  const acts = lines.map((line) => line.slice(line.indexOf('  ') + 2)).filter((deed) => deed.includes(' ACT '));
  return new Map(acts.map((act) => [act, acts.filter((each) => each === act).length]));
}

/** How many VMs were certified by builders. */
export function rebuildsOf(lines: readonly string[]): number {
  return lines.filter((line) => / commit /.test(line)).length;
}
