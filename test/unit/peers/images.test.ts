import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { askImages, imageIn } from '../../../src/peers/images.ts';

const image = { version: '3f9a12c0d4e5', made_at: '2026-01-01T09:00:00.000Z', problem: null };

it('asks every peer for its image, and leaves out who does not answer or says nothing that can be understood', async () => {
  const paths: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url);
    const isGood = request.headers.authorization === 'Bearer hunter2';
    response.writeHead(isGood ? 200 : 401).end(JSON.stringify(image));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const peers = [
    { name: 'webbox2', address: '127.0.0.1' },
    { name: 'webbox3', address: '127.0.0.9' },
  ];
  expect(await askImages(peers, { port, token: 'hunter2' })).toEqual(new Map([['webbox2', image]]));
  expect(await askImages(peers, { port, token: 'wrong' })).toEqual(new Map());
  expect(paths).toEqual(['/v1/image', '/v1/image']);
});

it.each(['', 'null', '{"version":1}', JSON.stringify({ ...image, version: 'x'.repeat(65) })])(
  'takes no image from %j',
  (text) => {
    expect(imageIn(text)).toBeUndefined();
  },
);
