import { expect, it } from 'vitest';
import { daemon } from './daemon.ts';

it('a daemon whose peers cannot ask it says so when it starts: nothing that hangs would be rebuilt', async () => {
  const { controller, lines } = await daemon();
  await controller.stop();
  const warnings = lines
    .map((line): unknown => JSON.parse(line))
    .filter((line) => JSON.stringify(line).includes('vote'));
  expect(warnings).toMatchObject([
    { level: 'warn', msg: expect.stringMatching(/^without http\.token .* not rebuilt$/), listen: '127.0.0.1:0' },
    { level: 'warn', msg: expect.stringMatching(/http\.listen that only its own machine reaches .* not rebuilt$/) },
  ]);
});
