import { describe, expect, it } from 'vitest';
import { watch, type Frame } from '../../../src/cli/watch.ts';

const hide = '\u001b[?25l';
const show = '\u001b[?25h';

/** Watches these frames, one a look, on a stream that keeps its writes. */
async function watched(frames: readonly (Frame | Error)[], isAnimated: boolean, size = { columns: 20, rows: 10 }) {
  const writes: string[] = [];
  const leaving = new AbortController();
  let looks = 0;
  const ended = watch({
    read: async () => {
      const frame = frames[looks++];
      if (frame === undefined || frame instanceof Error) throw frame ?? new Error('looked once too often');
      return frame;
    },
    stream: { write: (text) => void writes.push(text), ...size },
    isAnimated,
    wait: async () => {
      if (looks === frames.length) leaving.abort();
    },
    signal: leaving.signal,
  });
  return { writes, error: await ended.catch((error: unknown) => error) };
}

const frame = (text: string, mark = text): Frame => ({ text: `${text}\n`, mark });

describe('watching on a terminal', () => {
  it('draws over what it drew, in one write, and only when something differs', async () => {
    const { writes } = await watched([frame('a\nb'), frame('a\nb'), frame('c')], true);
    expect(writes).toEqual([hide, '\ra\u001b[K\nb\u001b[K\n\u001b[J', '\r\u001b[2Ac\u001b[K\n\u001b[J', show]);
  });

  it('counts the rows that a wrapped line takes', async () => {
    const { writes } = await watched([frame('x'.repeat(45)), frame('y')], true);
    expect(writes[2]).toContain('\u001b[3A');
  });

  it('shows as much as there is room for, and says that there is more', async () => {
    const { writes } = await watched([frame('1\n2\n3\n4\n5')], true, { columns: 80, rows: 4 });
    expect(writes[1]?.replaceAll('\u001b[K', '')).toBe('\r1\n2\n(3 more lines: the terminal is too low)\n\u001b[J');
  });

  it('shows a whole frame on a terminal that does not know its size', async () => {
    const { writes } = await watched([frame('1\n2\n3'), frame('4')], true, { columns: 0, rows: 0 });
    expect(writes[1]?.replaceAll('\u001b[K', '')).toBe('\r1\n2\n3\n\u001b[J');
    expect(writes[2]).toContain('\u001b[3A');
  });

  it('gives the cursor back, also when it fails', async () => {
    const fault = new Error('gone');
    const { writes, error } = await watched([frame('a'), fault], true);
    expect(error).toBe(fault);
    expect(writes.at(-1)).toBe(show);
  });
});

describe('watching elsewhere', () => {
  it('writes a block for each change that is one, under its time, and no escapes', async () => {
    const { writes } = await watched([frame('1 s ago', 'x'), frame('2 s ago', 'x'), frame('down', 'y')], false);
    expect(writes).toHaveLength(2);
    expect(writes[0]).toMatch(/^\d\d:\d\d:\d\d\n1 s ago\n$/);
    expect(writes[1]).toMatch(/^\n\d\d:\d\d:\d\d\ndown\n$/);
  });
});
