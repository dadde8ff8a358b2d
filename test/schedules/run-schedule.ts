import { conditionOf } from '../../src/pool/condition.ts';
import { happen } from '../golden/happenings.ts';
import { runScenario } from '../golden/run-scenario.ts';
import { scenarioOf } from '../golden/scenario.ts';
import { World } from '../golden/world.ts';
import type { Schedule } from './schedule.ts';
import { Witness } from './witness.ts';

/**
 * After the last fault ends, every node is back and all see it so within this time, or one of the exceptions applies: most need ten
 * minutes at most, and a pool that was rebuilt `safety.max_per_hour` times waits for the hour to pass.
 */
export const healWithinMs = 75 * 60_000;
const lookEveryMs = 5_000;
const askEveryMs = 20_000;

/** Why a node is rightly not back: what a person has to see to. */
export type Exception = 'exhausted' | 'too many dead';

/** What became of a pool. */
export interface Outcome {
  readonly harm: readonly string[];
  /** Nodes that did not come back, each with what the controllers say of it. */
  readonly lost: readonly string[];
  /** Why the pool needed a person, who did as docs/safety.md says. */
  readonly exception: Exception | null;
  /** From the end of the faults until all was well, in milliseconds; null when it never was. */
  readonly healedAfterMs: number | null;
  readonly log: readonly string[];
}

/** Lets the faults happen, ends them, and waits until the pool has healed. */
export async function runSchedule({ scenario, endsAtMs }: Schedule): Promise<Outcome> {
  const world = new World(scenarioOf(scenario));
  const witness = new Witness(world);
  const look = (): void => {
    witness.look();
    world.after(lookEveryMs, look);
  };
  world.later(world.beginsAt, look);
  await runScenario(world);
  const endedAt = world.beginsAt + endsAtMs;
  let exception = await healed(world, endedAt + healWithinMs);
  if (exception !== null) {
    const { lost } = exception;
    const needed = neededFor(world, lost);
    if (needed === null) return outcome(world, witness, { lost, exception: null, healedAfterMs: null });
    seeToIt(world, lost);
    exception = await healed(world, world.clock.now + healWithinMs);
    return outcome(world, witness, {
      lost: exception?.lost ?? [],
      exception: needed,
      healedAfterMs: world.clock.now - endedAt,
    });
  }
  return outcome(world, witness, { lost: [], exception: null, healedAfterMs: world.clock.now - endedAt });
}

function outcome(
  world: World,
  { harm }: Witness,
  rest: Pick<Outcome, 'lost' | 'exception' | 'healedAfterMs'>,
): Outcome {
  return { harm, ...rest, log: world.log.lines };
}

/** Null once all is well; what is not when the time is over. */
async function healed(world: World, until: number): Promise<{ readonly lost: readonly string[] } | null> {
  for (;;) {
    const lost = world.nodes.filter((node) => !isBack(world, node) || !isSeenHealthy(world, node));
    if (lost.length === 0) return null;
    if (world.clock.now >= until) return { lost: lost.map((node) => `${node}: ${views(world, node)}`) };
    await world.clock.runUntil(world.clock.now + askEveryMs);
  }
}

/** One certified VM, on and at work, with its controller. */
function isBack(world: World, node: string): boolean {
  const [vm, second] = world.vcenter.named(node);
  const isWhole = vm?.mark?.kind === 'certified' && vm.power === 'on' && vm.isAlive;
  return isWhole && second === undefined && world.machine(node).daemon !== undefined;
}

function isSeenHealthy(world: World, node: string): boolean {
  return world.daemons().every(({ name }) => name === node || viewOf(world, name, node) === 'healthy');
}

function viewOf(world: World, controller: string, node: string): string {
  const reconciler = world.machine(controller).daemon?.reconciler;
  const state = reconciler?.state.nodes[node];
  if (reconciler === undefined || state === undefined) return '-';
  const now = world.machine(controller).daemon?.now() ?? 0;
  return conditionOf({ name: node, pool: reconciler.state, policy: reconciler.policy, now }, state).kind;
}

function views(world: World, node: string): string {
  return world
    .daemons()
    .map(({ name }) => `${name}=${viewOf(world, name, node)}`)
    .join(' ');
}

/** Whether a person is needed by what docs/safety.md says; null when the pool should have healed by itself. */
function neededFor(world: World, lost: readonly string[]): Exception | null {
  if (excessOf(world).length > 0) return 'too many dead';
  return lost.some((each) => each.includes('=exhausted')) ? 'exhausted' : null;
}

/** What is dead beyond what the pool may lose. */
function excessOf(world: World): readonly string[] {
  const dead = world.nodes.filter((node) => !isBack(world, node));
  return dead.slice(Math.max(1, Math.ceil(world.nodes.length / 2) - 1));
}

/** What a person does then: replaces by hand what is dead beyond that, allows more builds, and has the rest tried again. */
function seeToIt(world: World, lost: readonly string[]): void {
  // `regrow bootstrap` deploys what has no VM, and on which nobody works.
  for (const node of world.nodes) {
    if (world.vcenter.named(node).length > 0 || world.vcenter.openClaim(node) !== undefined) continue;
    world.vcenter.certify(world.vcenter.add(node, null), 'a person');
  }
  for (const node of excessOf(world)) {
    for (const vm of world.vcenter.named(node)) world.vcenter.destroy(vm, 'a person');
    world.vcenter.certify(world.vcenter.add(node, null), 'a person');
  }
  happen(world, 'generations 10');
  for (const each of lost) happen(world, `resume ${each.split(':')[0]}`);
}
