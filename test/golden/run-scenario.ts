import { happen } from './happenings.ts';
import type { World } from './world.ts';

/** Lets the world's whole scenario happen. */
export async function runScenario(world: World): Promise<void> {
  const { scenario, beginsAt } = world;
  for (const what of scenario.before) happen(world, what);
  for (const machine of world.machines.values()) world.later(0, () => machine.startDaemon());
  for (const { at, do: sentences } of scenario.timeline) {
    for (const what of sentences) {
      world.later(beginsAt + at, () => {
        world.log.write('**', what);
        happen(world, what);
      });
    }
  }
  await world.clock.runUntil(beginsAt + scenario.until);
}
