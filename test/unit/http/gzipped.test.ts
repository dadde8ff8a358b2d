import { expect, describe, it } from 'vitest';
import { entity } from '../../../src/http/entity.ts';
import { gzipped, isBetterGzipped } from '../../../src/http/gzipped.ts';
import { ask, served } from './fake-controller.ts';
import { nodeReport, poolReport } from './sample-report.ts';

const large = entity('x'.repeat(10_000));

describe('an answer to a reader that takes gzip', () => {
  it('says the same in fewer bytes, has the same tag, and is not sent again to whom has it', async () => {
    const nodes = Array.from({ length: 100 }, (_, index) => nodeReport(`webbox${index}`));
    const { url } = await served({ report: () => poolReport({ nodes }) });
    for (const path of ['/', '/v1/status', '/v1/nodes', '/status.txt', '/openapi.json', '/nodes/webbox7']) {
      const plain = await ask(url, path);
      const etag = String(plain.headers['etag']);
      const headers = { 'accept-encoding': 'gzip' };
      // fetch unpacks by itself what it is told is packed.
      const packed = await fetch(url + path, { headers });
      expect({ path, coding: packed.headers.get('content-encoding'), text: await packed.text() }).toEqual({
        path,
        coding: 'gzip',
        text: plain.text,
      });
      expect(packed.headers.get('etag')).toBe(etag);
      expect(packed.headers.get('vary')).toBe('accept, accept-encoding');
      expect(Number(packed.headers.get('content-length'))).toBeLessThan(Buffer.byteLength(plain.text) / 2);
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(await ask(url, path, { headers: { ...headers, 'if-none-match': etag } })).toMatchObject({ status: 304 });
    }
  });

  it('is packed once, however many read it', () => {
    expect(gzipped(large)).toBe(gzipped(large));
    expect(gzipped(entity('x'.repeat(10_000)))).not.toBe(gzipped(large));
  });

  it.each<[string | undefined, boolean]>([
    ['gzip', true],
    ['gzip, deflate, br, zstd', true],
    ['br;q=1.0, GZIP ; q=0.5', true],
    ['*', true],
    [undefined, false],
    ['', false],
    ['identity', false],
    ['br', false],
    ['gzip;q=0', false],
    ['gzip;q=0.000', false],
    ['*, gzip;q=0', false],
    ['*;q=0', false],
  ])('is packed for one that sends %o: %s', (header, isPacked) => {
    expect(isBetterGzipped(large, header)).toBe(isPacked);
  });

  it('is sent as it is when it is small', () => {
    expect(isBetterGzipped(entity('ok'), 'gzip')).toBe(false);
  });
});
