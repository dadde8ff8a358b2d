import { appendFileSync, createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { followEvents, readEvents } from '../../../src/ansible/event-file.ts';
import { parseEvent } from '../../../src/ansible/event.ts';
import type { RunEvent } from '../../../src/ansible/event.ts';
import { LineSplitter } from '../../../src/ansible/line-splitter.ts';
import { parsePosixLine } from '../../../src/ansible/posix-json.ts';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'regrow-reader-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let files = 0;
const newFile = (): string => path.join(scratch, `events-${(files += 1)}.jsonl`);

const line = (n: number, more: object = {}): string =>
  JSON.stringify({ v: 1, n, t: n, e: 'host_start', host: `vm${n}`, task: 't', ...more });

async function collect(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const all: RunEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('the splitter', () => {
  it('gives the same lines however the bytes arrive', () => {
    const text = fc
      .array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\n'), fc.constant('€😀\n')))
      .map((t) => t.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(20)), (whole, sizes) => {
        const bytes = Buffer.from(whole);
        const splitter = new LineSplitter();
        const lines: string[] = [];
        let at = 0;
        for (const size of sizes) {
          lines.push(...splitter.push(bytes.subarray(at, at + size)));
          at += size;
        }
        lines.push(...splitter.push(bytes.subarray(at)));
        const expected = bytes.toString('utf8').split('\n');
        expect([...lines, splitter.end() ?? '']).toEqual(expected);
      }),
    );
  });

  it('drops and counts lines over the limit, and keeps those around them', () => {
    const splitter = new LineSplitter(10);
    const lines = ['short\n', '12345678', '9012345', '67890\nten bytes!', '\neleven bytes', '\nend'].flatMap((part) =>
      splitter.push(Buffer.from(part)),
    );
    expect(lines).toEqual(['short', 'ten bytes!']);
    expect([splitter.end(), splitter.skippedLines]).toEqual(['end', 2]);
  });

  it('uses a chunk only until it returns: the caller may fill the buffer anew', () => {
    const splitter = new LineSplitter();
    const buffer = Buffer.from('first half, ');
    splitter.push(buffer);
    buffer.fill('x');
    expect(splitter.push(Buffer.from('second half\n'))).toEqual(['first half, second half']);
  });
});

describe('a line', () => {
  it('never throws, whatever it is', () => {
    const anyLine = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc
        .record({
          v: fc.constant(1),
          e: fc.constantFrom('ok', 'stats', 'start', 'task_start', 'play_start'),
          res: fc.anything(),
          stats: fc.anything(),
          task: fc.anything(),
          host: fc.anything(),
        })
        .map((value) => {
          try {
            return JSON.stringify(value);
          } catch {
            return '{}';
          }
        }),
    );
    fc.assert(
      fc.property(anyLine, (text) => {
        parseEvent(text);
        parsePosixLine(text);
      }),
    );
  });

  it.each([
    '',
    '{',
    '{"v":1',
    'null',
    '[]',
    '{"v":2,"e":"start","pid":1}',
    '{"v":1,"e":"later"}',
    '{"looks": "like json"}',
  ])('that is no event is none: %s', (text) => expect(parseEvent(text)).toBeUndefined());

  it('with lone surrogates becomes well-formed text', () => {
    const event = parseEvent('{"v":1,"n":1,"t":1,"e":"host_start","host":"caf\\udce9 \\ud83d\\ude00","task":"t"}');
    expect(event).toMatchObject({ host: 'caf\ufffd 😀' });
  });
});

describe('a file of events', () => {
  it('is read whole but for what is no event, which is counted', async () => {
    const noise = fc.constantFrom(
      '',
      'noise on stdout',
      '{"v":1,"n":',
      '{"looks": "like json"}',
      '\u0000\ufffd',
      '[1]',
    );
    const content = fc.array(
      fc.oneof(
        fc.nat(1000).map((n) => ({ n })),
        noise.map((text) => ({ text })),
      ),
    );
    await fc.assert(
      fc.asyncProperty(content, async (parts) => {
        const file = newFile();
        writeFileSync(file, parts.map((part) => `${'n' in part ? line(part.n) : part.text}\n`).join(''));
        const losses = { junkLines: 0, overlongLines: 0 };
        const events = await collect(readEvents(file, { losses }));
        expect(events.map((event) => event.n)).toEqual(parts.flatMap((part) => ('n' in part ? [part.n] : [])));
        expect(losses.junkLines).toBe(parts.filter((part) => 'text' in part && part.text !== '').length);
      }),
      { numRuns: 60 },
    );
  });

  it('that was cut anywhere gives exactly the events that are whole', async () => {
    const lines = [1, 2, 3].map((n) => line(n, { host: 'é😀' }));
    const whole = Buffer.from(`${lines.join('\n')}\n`);
    for (let length = 0; length <= whole.length; length += 1) {
      const file = newFile();
      writeFileSync(file, whole.subarray(0, length));
      const ends = lines.map((_, index) => Buffer.byteLength(lines.slice(0, index + 1).join('\n')));
      expect(await collect(readEvents(file))).toHaveLength(ends.filter((end) => end <= length).length);
    }
  });

  it('is followed while it grows in any pieces, from before it exists', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 12 }), async (sizes) => {
        const file = newFile();
        const whole = Buffer.from([1, 2, 3, 4, 5].map((n) => `${line(n)}\n`).join(''));
        let hasEnded = false;
        const events = collect(followEvents(file, { hasEnded: () => hasEnded, pollMs: 1 }));
        let at = 0;
        for (const size of sizes) {
          appendFileSync(file, whole.subarray(at, at + size));
          at += size;
          await new Promise(setImmediate);
        }
        appendFileSync(file, whole.subarray(at));
        hasEnded = true;
        expect((await events).map((event) => event.n)).toEqual([1, 2, 3, 4, 5]);
      }),
      { numRuns: 40 },
    );
  });

  it('gives each event as soon as its line is complete', async () => {
    const file = newFile();
    let hasEnded = false;
    const events = followEvents(file, { hasEnded: () => hasEnded, pollMs: 1 });
    writeFileSync(file, `${line(1)}\n${line(2).slice(0, 9)}`);
    expect((await events.next()).value).toMatchObject({ n: 1 });
    appendFileSync(file, `${line(2).slice(9)}\n`);
    expect((await events.next()).value).toMatchObject({ n: 2 });
    hasEnded = true;
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('with lines of 20 MB is read in constant memory', async () => {
    const file = newFile();
    const stream = createWriteStream(file);
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    for (let round = 0; round < 5; round += 1) {
      stream.write(`${line(round)}\n{"v":1,"e":"ok","res":{"stdout":"`);
      for (let n = 0; n < 20; n += 1) if (!stream.write(megabyte)) await once(stream, 'drain');
      stream.write('"}}\n');
    }
    stream.end(`${line(5)}\n`);
    await once(stream, 'close');

    const losses = { junkLines: 0, overlongLines: 0 };
    let peak = 0;
    const before = process.memoryUsage().arrayBuffers;
    const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)), 1);
    const events = await collect(readEvents(file, { losses }));
    clearInterval(sampler);
    expect(events.map((event) => event.n)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(losses).toEqual({ junkLines: 0, overlongLines: 5 });
    expect(peak).toBeLessThan(60 * 1024 * 1024); // of 100 MB; garbage waits for its collection
  });

  it('that does not exist has no events', async () => {
    expect(await collect(readEvents(newFile()))).toEqual([]);
  });
});
