import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isLoopback, RateLimit } from '../../../src/http/rate-limit.ts';
import { ask, served } from './fake-controller.ts';

describe('who asks too much', () => {
  it('is told when to come again, whatever it asks for', async () => {
    const { url } = await served({}, { perMinute: 1, isExempt: () => false });
    expect((await ask(url, '/healthz')).status).toBe(200);
    for (const path of ['/healthz', '/nothing', '/v1/membership']) {
      const answer = await ask(url, path);
      expect(answer).toMatchObject({
        status: 429,
        headers: { 'content-type': expect.stringContaining('application/problem+json') },
      });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
  });

  it('is not held up when it has the token, nor on this very machine', async () => {
    const token = async (): Promise<string> => 'hunter2';
    const { url } = await served({ token }, { perMinute: 1, isExempt: () => false });
    const peer = { headers: { authorization: 'Bearer hunter2' } };
    const other = { headers: { authorization: 'Bearer hunter3' } };
    for (let each = 0; each < 5; each += 1) expect((await ask(url, '/v1/membership', peer)).status).toBe(200);
    expect((await ask(url, '/v1/membership', other)).status).toBe(429);
    const own = await served({}, { perMinute: 1 });
    for (let each = 0; each < 5; each += 1) expect((await ask(own.url, '/healthz')).status).toBe(200);
  });

  it('may ask once at any moment, whatever the clock reads', () => {
    for (let each = 0; each < 1_000; each += 1) {
      const now = 15_000 + each * 1.000001;
      expect(new RateLimit({ perMinute: 10, burst: 1, nowMs: () => now }).take('10.0.0.1')).toBe(0);
    }
  });

  it('may come again when its time is over, and costs nobody else anything', () => {
    let now = 0;
    const limit = new RateLimit({ perMinute: 60, burst: 2, nowMs: () => now });
    expect([limit.take('10.0.0.1'), limit.take('10.0.0.1'), limit.take('10.0.0.1')]).toEqual([0, 0, 1000]);
    expect(limit.take('10.0.0.2')).toBe(0);
    now = 1000;
    expect([limit.take('10.0.0.1'), limit.take('10.0.0.1')]).toEqual([0, 1000]);
  });

  it('is one network of IPv6, however many addresses it has', () => {
    const limit = new RateLimit({ perMinute: 60, burst: 1, nowMs: () => 0 });
    expect(limit.take('2001:db8::1')).toBe(0);
    expect(limit.take('2001:db8:0:0:ffff::9')).toBeGreaterThan(0);
    expect(limit.take('2001:db8:0:1::1')).toBe(0);
  });

  it('is told apart from this very machine', () => {
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) expect(isLoopback(address)).toBe(true);
    for (const address of ['10.0.0.127', '::2', '::ffff:10.0.0.1', '', '128.0.0.1'])
      expect(isLoopback(address)).toBe(false);
  });
});

describe('connections that do nothing', () => {
  it('are as many as there may be, and the server answers others', async () => {
    const { url } = await served();
    const port = Number(new URL(url).port);
    const sockets = await Promise.all(Array.from({ length: 300 }, () => opened(port)));
    for (const socket of sockets.slice(0, 100)) socket.write('GET /v1/status HTTP/1.1\r\nHost: x\r\n');
    for (const socket of sockets.slice(100, 200))
      socket.write('POST /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n');
    expect((await ask(url, '/healthz')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    expect((await ask(url, '/healthz')).status).toBe(200);
  });
});

async function opened(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}
