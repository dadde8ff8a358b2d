import { describe, expect, it } from 'vitest';
import { cached, entity, isKnown, jsonEntity } from '../../../src/http/entity.ts';
import { ask, served } from './fake-controller.ts';
import { nodeReport, poolReport } from './sample-report.ts';

describe('an answer that the reader has already', () => {
  it('is not sent again, for as long as nothing but the time of the report differs', async () => {
    let report = poolReport();
    const { url } = await served({ report: () => report });
    const first = await ask(url, '/v1/nodes/webbox1');
    const etag = String(first.headers['etag']);
    const again = async (path: string) => ask(url, path, { headers: { 'if-none-match': etag } });
    expect(await again('/v1/nodes/webbox1')).toMatchObject({ status: 304, text: '', headers: { etag } });
    report = poolReport({ nodes: [nodeReport('webbox1', { state: 'suspect' })] });
    expect(await again('/v1/nodes/webbox1')).toMatchObject({ status: 200 });
    for (const path of ['/v1/status', '/v1/nodes', '/status.txt', '/openapi.json', '/v1/runs'])
      expect((await ask(url, path)).headers['etag']).toMatch(/^W\/"[\w-]+"$/);
  });

  it('is one of those that were told by the peers’ routes or as a problem never', async () => {
    const { url } = await served({ token: async () => 'hunter2' });
    const headers = { authorization: 'Bearer hunter2' };
    expect((await ask(url, '/v1/membership', { headers })).headers['etag']).toBeUndefined();
    expect((await ask(url, '/v1/nodes/x')).headers['etag']).toBeUndefined();
  });

  it('is known by any of the tags that were sent, weak or strong', () => {
    const { etag, bytes } = jsonEntity({ at: '2026-01-01T00:00:00Z', a: 1 });
    expect(JSON.parse(bytes.toString())).toEqual({ at: '2026-01-01T00:00:00Z', a: 1 });
    expect(jsonEntity({ at: '2027-01-01T00:00:00Z', a: 1 }).etag).toBe(etag);
    expect(jsonEntity({ at: '2026-01-01T00:00:00Z', a: 2 }).etag).not.toBe(etag);
    expect(jsonEntity({ at: 'x' }).bytes.toString()).toBe('{"at":"x"}');
    for (const header of [etag, `"x", ${etag}`, '*', etag.slice(2)]) expect(isKnown(header, etag)).toBe(true);
    for (const header of [undefined, '', '"x"', etag.slice(0, -2)]) expect(isKnown(header, etag)).toBe(false);
  });
});

describe('an answer that takes long to make', () => {
  it('takes a twentieth of the time at most, and is never older than a second', () => {
    let now = 0;
    let made = 0;
    const slow = cached(
      () => {
        now += 40;
        return entity(String((made += 1)));
      },
      () => now,
    );
    expect(slow().bytes.toString()).toBe('1');
    now += 799;
    expect(slow().bytes.toString()).toBe('1');
    now += 1;
    expect(slow().bytes.toString()).toBe('2');
    now += 1_000;
    expect(slow().bytes.toString()).toBe('3');
  });

  it('is made anew each time when making it takes no time', () => {
    let made = 0;
    const quick = cached(
      () => entity(String((made += 1))),
      () => 0,
    );
    expect([quick().bytes.toString(), quick().bytes.toString()]).toEqual(['1', '2']);
  });
});
