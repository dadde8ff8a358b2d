import type { ScenarioText } from '../golden/scenario.ts';
import { anyFault } from './faults.ts';
import { Random } from './random.ts';

/** A pool and its faults. After `endsAtMs` nothing is wrong any more but what has to be healed. */
export interface Schedule {
  readonly seed: number;
  readonly scenario: ScenarioText;
  /** Milliseconds since the scenario's beginning. */
  readonly endsAtMs: number;
}

const sizes = [3, 5, 9];
const longestSeconds = 30 * 60;

/** The schedule of a seed. Faults come at any time; half of them soon after another one, into the midst of what follows from it. */
export function scheduleOf(seed: number): Schedule {
  const random = new Random(seed);
  const nodes = Array.from({ length: sizes[seed % sizes.length] ?? 3 }, (_, index) => `webbox${index + 1}`);
  const tools = random.chance(0.5);
  const timeline: { at: number; do: readonly string[] }[] = [];
  let before = 0;
  let last = 0;
  for (let left = random.whole(3, 16); left > 0; left -= 1) {
    const soon = before + random.spread(1, 300);
    const at = random.chance(0.5) ? Math.min(soon, longestSeconds) : random.whole(1, longestSeconds);
    const seconds = random.spread(3, 1200);
    const { begins, ends, lasts } = anyFault(random, nodes, seconds);
    timeline.push({ at, do: begins });
    if (ends.length > 0) timeline.push({ at: at + seconds, do: ends });
    before = at;
    last = Math.max(last, lasts ? at + seconds : at);
  }
  const events = timeline.toSorted((a, b) => a.at - b.at).map(({ at, do: what }) => ({ at: `${at}s`, do: [...what] }));
  const scenario = {
    shows: `The schedule of seed ${seed}.`,
    nodes,
    tools,
    safety: {},
    timeline: [...events, { at: `${last + 1}s`, do: allWell(nodes) }],
    until: `${last + 1}s`,
  };
  return { seed, scenario, endsAtMs: (last + 1) * 1000 };
}

/** What ends whatever may still be wrong, except for nodes that are dead. */
function allWell(nodes: readonly string[]): string[] {
  return [
    'vcenter up',
    'datastore free',
    'image whole',
    'mend',
    ...nodes.flatMap((node) => [`disk ${node} free`, `untrap ${node}`, `host ${node} connected`, `start ${node}`]),
  ];
}
