import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runScenario } from './run-scenario.ts';
import { expectedLogPath, readScenario, scenarioNames } from './scenario.ts';
import { World } from './world.ts';

/** Set to 1, the logs are written instead of compared. Read every line that changed: a log that was recorded is not thereby right. */
const isRecording = process.env['UPDATE_GOLDEN'] === '1';

describe('a pool', () => {
  it.each(scenarioNames())('in scenario %s does what its log says', async (name) => {
    const world = new World(readScenario(name));
    await runScenario(world);
    const log = `${world.log.lines.join('\n')}\n`;
    const path = expectedLogPath(name);
    if (isRecording) writeFileSync(path, log);
    expect(log).toBe(existsSync(path) ? readFileSync(path, 'utf8') : `(no ${path}: record it with UPDATE_GOLDEN=1)`);
  });
});
