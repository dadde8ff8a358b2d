import { expect, it } from 'vitest';
import { runScenario } from './run-scenario.ts';
import { scenarioOf } from './scenario.ts';
import { World } from './world.ts';

const every = { interval: '20s', failures: 3 } as const;

it('a node whose pings are back is not powered off because of a page that is still to be restored', async () => {
  const world = new World(
    scenarioOf({
      shows: 'pings are lost for a minute, and come back before the fresh probe, which finds the page failing',
      checks: {
        ping: { type: 'ping', ...every, timeout: '15s', on_failure: 'rebuild' },
        page: {
          type: 'tcp',
          port: 80,
          ...every,
          timeout: '5s',
          on_failure: 'restore',
          then: 'rebuild',
          restore_attempts: 3,
        },
      },
      safety: {},
      timeline: [
        { at: '10s', do: 'fail page webbox2' },
        { at: '60s', do: 'fail ping webbox2' },
        { at: '117s', do: 'clear ping webbox2' },
      ],
      until: '3m',
    }),
  );
  await runScenario(world);
  expect(world.log.lines.filter((line) => line.includes('power off webbox2'))).toEqual([]);
});
