import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { z } from 'zod';
import { checkSchema } from '../../src/config/schema-checks.ts';
import { safetySchema } from '../../src/config/schema-operation.ts';
import { duration } from '../../src/config/values.ts';

const happening = z.strictObject({
  at: duration,
  /** A sentence of happenings.ts, or several that happen at once. */
  do: z.union([z.string().transform((text) => [text]), z.array(z.string())]),
});

const scenarioSchema = z.strictObject({
  /** What the scenario shows, in a sentence. */
  shows: z.string(),
  nodes: z.array(z.string()).prefault(['webbox1', 'webbox2', 'webbox3']),
  /** Controllers beside the pool's nodes. */
  admins: z.array(z.string()).prefault([]),
  /** As in regrow.yml. */
  checks: z
    .record(z.string(), checkSchema)
    .prefault({ ping: { type: 'ping', interval: '20s', timeout: '15s', failures: 3, on_failure: 'rebuild' } }),
  /** Checks of single nodes, in the place of the pool's. */
  own_checks: z.record(z.string(), z.record(z.string(), checkSchema)).prefault({}),
  safety: z.preprocess((given) => ({ startup_grace: '3m', ...(typeof given === 'object' ? given : {}) }), safetySchema),
  /** Modes of single nodes, in the place of the pool's. */
  own_modes: z.record(z.string(), z.enum(['act', 'dry-run', 'approve'])).prefault({}),
  takeover: duration.prefault('10m'),
  /** Builds of one incident, over all controllers. */
  generations: z.number().prefault(5),
  deadline: duration.prefault('5m'),
  /** VMware Tools run in every guest: its heartbeat is green while it works. */
  tools: z.boolean().prefault(false),
  /** The log begins with the controllers, not with a pool that knows itself. */
  cold: z.boolean().prefault(false),
  /** Happenings before the controllers start. */
  before: z.array(z.string()).prefault([]),
  timeline: z.array(happening).prefault([]),
  until: duration,
  /** Why it is not cut and restarted at every step, when it is not. */
  uncut: z.string().optional(),
});

/** A course of events, as scenario.yml tells it. Times are milliseconds. */
export type Scenario = z.output<typeof scenarioSchema>;
/** The same as its file has it. */
export type ScenarioText = z.input<typeof scenarioSchema>;

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Names of all scenarios: the folders that hold a scenario.yml. */
export function scenarioNames(): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}

/** The scenario of that name. Throws with every problem of a bad one. */
export function readScenario(name: string): Scenario {
  const parsed = scenarioSchema.safeParse(load(readFileSync(join(folder, name, 'scenario.yml'), 'utf8')));
  if (!parsed.success) throw new Error(`${name}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** A scenario that no file holds. */
export function scenarioOf(given: ScenarioText): Scenario {
  return scenarioSchema.parse(given);
}

/** Where the scenario's expected log is. */
export function expectedLogPath(name: string): string {
  return join(folder, name, 'expect.log');
}
