import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { scrubFile } from '../../../src/ansible/secrets.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'regrow-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is overwritten wherever it stands, also across the borders of chunks, and nothing else is', async () => {
  const file = path.join(folder, 'long.log');
  const secret = 'hunter2222';
  const megabyte = 1024 * 1024;
  // One at each offset around the border between two chunks.
  for (let offset = -12; offset <= 2; offset += 1) {
    const text = `${'x'.repeat(megabyte + offset)}${secret}${'y'.repeat(megabyte)}${secret}`;
    writeFileSync(file, text);
    expect(await scrubFile(file, [secret])).toBe(2);
    expect(readFileSync(file, 'utf8') === text.replaceAll(secret, '**********')).toBe(true);
  }
});

it('is found in the forms that JSON gives it', async () => {
  const file = path.join(folder, 'forms.log');
  const secret = 'a"b\\cdé😀';
  writeFileSync(file, [secret, JSON.stringify(secret), String.raw`a\"b\\cd\u00e9\ud83d\ude00`, 'a"b'].join('\n'));
  expect(await scrubFile(file, [secret])).toBe(3);
  expect(readFileSync(file, 'utf8')).toMatch(/^\*+\n"\*+"\n\*+\na"b$/);
});

it('of a few characters is left alone: it would be found everywhere by chance', async () => {
  const file = path.join(folder, 'short.log');
  writeFileSync(file, 'aaa false');
  expect(await scrubFile(file, ['', 'aaa', 'false'])).toBe(0);
  expect(await scrubFile(path.join(folder, 'missing'), ['long enough'])).toBe(0);
});
