import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allHealthy, deedsOn } from '../e2e/healing.ts';
import { Lab } from '../lab/lab.ts';
import { Random } from '../schedules/random.ts';

/*
 * Random faults on the lab: nodes die and hang, networks part, vCenter is unwell, daemons are killed and restarted, at random times. No VM is
 * touched but those of nodes that something was done to, no name has two VMs, and when the faults are over every node is back.
 * REGROW_LAB_SCHEDULES: how many (30). REGROW_SEED: the first of them.
 */

const nodes = ['webbox1', 'webbox2', 'webbox3', 'webbox4', 'webbox5'] as const;
const count = Number(process.env['REGROW_LAB_SCHEDULES'] ?? 30);
const firstSeed = Number(process.env['REGROW_SEED'] ?? 1);
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({ nodes: nodes.length, daemons: true });
  await allHealthy(lab, nodes, 300_000);
}, 900_000);
afterAll(async () => lab.down());

interface Step {
  readonly afterMs: number;
  readonly what: string;
  /** The node whose VM may be rebuilt for it; undefined: nobody's. */
  readonly victim?: string;
  readonly act: () => Promise<unknown>;
}

/** A few faults. At most two nodes are struck: more are for a person. */
function scheduleOf(random: Random): readonly Step[] {
  const victims = random.some(nodes, 2);
  const strike = (victim: string): Step => {
    const afterMs = random.spread(1_000, 60_000);
    const kind = random.pick(['kill', 'hang', 'partition', 'partition without vCenter'] as const);
    const act = {
      kill: () => lab.kill(victim),
      hang: () => lab.hang(victim),
      partition: () => lab.partition(victim, { keepVcenter: true }),
      'partition without vCenter': () => lab.partition(victim),
    }[kind];
    return { afterMs, what: `${kind} ${victim}`, victim, act };
  };
  const trouble = (): Step => {
    const fault = random.pick(['down', 'slow', 'empty-list', 'half-list', 'disconnected-host']);
    return { afterMs: random.spread(1_000, 60_000), what: `vCenter ${fault}`, act: () => lab.vcenter(fault) };
  };
  const daemon = (): Step => {
    const node = random.pick(nodes.filter((each) => !victims.includes(each)));
    const verb = random.pick(['kill', 'restart'] as const);
    const act = async (): Promise<unknown> => {
      if (verb === 'restart') return lab.daemon(node, 'restart');
      await lab.exec(node, ['sh', '-c', 'read -r pid _ </run/regrow.pid && kill -9 $pid']);
      await setTimeout(random.spread(100, 20_000));
      return lab.daemon(node, 'start');
    };
    return { afterMs: random.spread(1_000, 60_000), what: `${verb} the daemon of ${node}`, act };
  };
  const steps = [
    ...victims.slice(0, random.whole(1, 2)).map(strike),
    ...(random.chance(0.5) ? [trouble()] : []),
    ...(random.chance(0.5) ? [daemon()] : []),
  ];
  return random.some(steps, steps.length);
}

/** The identities that each node has had: a VM that is gone is in no list any more. */
const owners = new Map<string, string>();
async function remember(): Promise<void> {
  const { vms } = await lab.state();
  const names = vms.map(({ name }) => name);
  expect(new Set(names).size, names.join(', ')).toBe(names.length);
  for (const { name, instance_uuid: uuid } of vms) owners.set(uuid, name.split('.')[0] ?? name);
}

describe('a pool under random faults', () => {
  it.each(Array.from({ length: count }, (_, index) => firstSeed + index))(
    'REGROW_SEED=%d: nobody healthy is harmed, and every node comes back',
    async (seed) => {
      await remember();
      const before = lab.operations().length;
      const steps = scheduleOf(new Random(seed));
      const struck = new Set(steps.flatMap(({ victim }) => (victim === undefined ? [] : [victim])));
      for (const { afterMs, act } of steps) {
        await setTimeout(afterMs);
        await act();
        await remember();
      }
      await setTimeout(new Random(seed).spread(5_000, 90_000));
      for (const node of nodes) await lab.heal(node).catch(() => undefined);
      await lab.vcenter('ok');
      await allHealthy(lab, nodes, 900_000);
      await remember();
      const told = steps.map(({ afterMs, what }) => `${Math.round(afterMs / 1000)} s later ${what}`).join('; ');
      const harmed = deedsOn(lab.operations().slice(before)).filter(({ what }) => what !== 'deploy');
      const wronged = harmed.filter(({ uuid }) => !struck.has(owners.get(uuid) ?? `unknown ${uuid}`));
      expect(wronged, told).toEqual([]);
    },
    1_500_000,
  );
});
