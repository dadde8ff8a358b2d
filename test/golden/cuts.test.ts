import { describe, expect, it } from 'vitest';
import { actsOf, finalState, rebuildsOf, repeatedDeeds } from './final-state.ts';
import { runScenario } from './run-scenario.ts';
import { readScenario, scenarioNames, type Scenario } from './scenario.ts';
import { World } from './world.ts';

/** At so many lines of a scenario's log, evenly over it. More of them, up to every line, take longer. */
const cutsPerScenario = Number(process.env['GOLDEN_CUTS'] ?? '4');
/** A restart costs its time: the end is looked at later. */
const extraMs = 15 * 60_000;

const suitable = scenarioNames().filter((name) => readScenario(name).uncut === undefined);

describe('a pool whose controllers are all killed and started again', () => {
  it.each(suitable)('at any step of scenario %s comes to the same end', async (name) => {
    const given = readScenario(name);
    const scenario = { ...given, until: given.until + extraMs };
    const whole = await runCut(scenario, undefined);
    for (const line of linesToCutAt(whole.log.lines.length)) {
      const cut = await runCut(scenario, line);
      const where = `cut after line ${line}: ${whole.log.lines[line - 1]}\n${cut.log.lines.join('\n')}`;
      expect(finalState(cut), where).toEqual(finalState(whole));
      expect(repeatedDeeds(cut.log.lines), where).toEqual([]);
      // Fewer, when a happening in the middle of a rebuild comes at another step of it.
      expect(rebuildsOf(cut.log.lines), where).toBeLessThanOrEqual(rebuildsOf(whole.log.lines));
      const acts = actsOf(whole.log.lines);
      // Journalled before it is done: an action that the cut hits is left out, and never taken twice.
      for (const [act, count] of actsOf(cut.log.lines)) expect(count, where).toBeLessThanOrEqual(acts.get(act) ?? 0);
    }
  });
});

async function runCut(scenario: Scenario, line: number | undefined): Promise<World> {
  const world = new World(scenario);
  world.log.onLine = (count) => {
    if (count === line) world.restartAll();
  };
  await runScenario(world);
  return world;
}

function linesToCutAt(count: number): readonly number[] {
  const cuts = Math.min(count, cutsPerScenario);
  return Array.from({ length: cuts }, (_, index) => Math.ceil(((index + 1) * count) / cuts));
}
