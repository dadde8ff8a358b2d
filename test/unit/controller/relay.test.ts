import { createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { relay } from '../../../src/controller/relay.ts';
import { configOf, minimalText } from '../config/sample.ts';

const witness = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.end('{}');
});
const asked: string[] = [];
afterEach(() => witness.close());

it('an order for the whole pool reaches the witnesses, too, and whom it does not reach is named', async () => {
  await new Promise<void>((resolve) => witness.listen(0, '127.0.0.1', resolve));
  const address = witness.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const there = `127.0.0.1:${address.port}`;
  const config = configOf(
    `${minimalText}safety: {witnesses: ["${there}", "127.0.0.1:8460"]}\nhttp: {listen: 127.0.0.1:8460}\n`,
  );
  const live = {
    identity: { self: 'web1', builder: 'web1', isTakenOut: false },
    nodes: ['web1', 'web2'],
    trust: null,
    token: async () => 'token',
    config,
  };
  expect(await relay(live, [], '/v1/resume', { local: true })).toEqual([
    { name: 'web2', error: 'its address is not known' },
    { name: there, error: null },
  ]);
  expect(asked).toEqual(['POST /v1/resume']);
});
