import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseListenAddress, reachableUrl } from '../../../src/config/listen-address.ts';
import { peekConfig } from '../../../src/config/peek.ts';
import { configOf, minimalText } from './sample.ts';

async function peeked(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'regrow-peek-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'regrow.yml'), text);
  return peekConfig(join(folder, 'regrow.yml'));
}

describe('a peek at the configuration', () => {
  it('finds what loading finds', async () => {
    const tls = 'http: {tls: {cert: /c.pem, key: /k.pem';
    for (const text of [
      minimalText,
      `${minimalText}http: {listen: '[::1]:9000'}\n`,
      `${minimalText}http: {}\n`,
      `${minimalText}${tls}}}\n`,
      `${minimalText}${tls}, ca: /ca.pem}}\n`,
    ]) {
      const { pool, http } = configOf(text);
      expect(await peeked(text)).toEqual({
        pool: pool.name,
        listen: parseListenAddress(http.listen),
        ca: http.tls?.ca ?? http.tls?.cert ?? null,
      });
    }
  });

  it.each([
    '',
    '- a',
    'pool: {name: [web]}',
    'pool: {name: web}\nhttp: {listen: 8460}',
    'pool: {name: web}\nhttp: {listen: x}',
    'pool: {name: web}\nhttp: {tls: yes}',
    '{',
  ])('finds nothing in %j, and leaves it to loading', async (text) => {
    expect(await peeked(text)).toBeUndefined();
    expect(await peekConfig('/nonexistent/regrow.yml')).toBeUndefined();
  });
});

describe('an address to listen on', () => {
  it.each([
    ['127.0.0.1:8460', 'http://127.0.0.1:8460'],
    ['0.0.0.0:8460', 'http://127.0.0.1:8460'],
    ['[::]:8460', 'http://[::1]:8460'],
    ['[fe80::1]:80', 'http://[fe80::1]:80'],
    ['webbox1:1', 'http://webbox1:1'],
  ])('%s is reached at %s', (text, url) => {
    const address = parseListenAddress(text);
    expect(address && reachableUrl(address)).toBe(url);
  });

  it.each(['8460', ':8460', '::1:8460', 'a:65536', 'a:', 'a b:1'])('is not %j', (text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  });
});
