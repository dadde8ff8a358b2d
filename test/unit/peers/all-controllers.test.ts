import { describe, expect, it } from 'vitest';
import { askAll } from '../../../src/peers/all-controllers.ts';
import type { PeerReply } from '../../../src/peers/client.ts';

const answer = (text: string): PeerReply => ({ kind: 'answered', text });
const named = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `web${index}`, address: `10.0.0.${index}` }));

describe('asking every controller', () => {
  it('gives the answers in the order of their names, and says whose address is not known', async () => {
    const replies = await askAll({
      controllers: [{ name: 'web9', address: undefined }, ...named(40)],
      ask: async ({ name }) => answer(name),
      nowMs: () => 0,
    });
    expect(replies[0]).toEqual({ name: 'web9', reply: { kind: 'silent', reason: 'its address is not known' } });
    expect(replies.slice(1).map(({ reply }) => reply)).toEqual(named(40).map(({ name }) => answer(name)));
  });

  it('asks sixteen at a time, and nobody else once it took too long', async () => {
    let now = 0;
    let running = 0;
    let most = 0;
    let asked = 0;
    const replies = await askAll({
      controllers: named(100),
      ask: async (_, deadlineMs) => {
        asked += 1;
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        if (running === 0) now += deadlineMs;
        return { kind: 'silent', reason: 'no answer' };
      },
      nowMs: () => now,
    });
    expect({ most, asked, replies: replies.length }).toEqual({ most: 16, asked: 32, replies: 100 });
    expect(replies[99]?.reply).toMatchObject({ kind: 'silent', reason: expect.stringContaining('not asked') });
  });

  it('asks nobody else once it heard too much', async () => {
    let asked = 0;
    await askAll({
      controllers: named(100),
      ask: async () => {
        asked += 1;
        return answer('x'.repeat(1024 * 1024));
      },
      nowMs: () => 0,
    });
    expect(asked).toBe(16);
  });
});
