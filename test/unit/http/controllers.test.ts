import { describe, expect, it } from 'vitest';
import type { ControllerReply } from '../../../src/peers/all-controllers.ts';
import { ask, served } from './fake-controller.ts';
import { nodeReport, poolReport } from './sample-report.ts';

describe('the pool as each controller sees it', () => {
  it('is told with what this one sees, what the others say, and who does not answer', async () => {
    const other = poolReport({ nodes: [nodeReport('webbox1', { state: 'suspect' })] });
    const answered = (name: string, value: unknown): ControllerReply => ({
      name,
      reply: { kind: 'answered', text: JSON.stringify(value) },
    });
    const { url } = await served({
      askControllers: async () => [
        answered('webbox2', other),
        { name: 'webbox3', reply: { kind: 'silent', reason: 'ECONNREFUSED' } },
        { name: 'webbox4', reply: { kind: 'refused', status: 429 } },
        answered('webbox5', { ...other, pool: 'shop' }),
        answered('webbox6', { ...other, nodes: [{ name: '<script>' }] }),
        { name: 'webbox7', reply: { kind: 'answered', text: '<html>' } },
      ],
    });
    const { controllers } = JSON.parse((await ask(url, '/v1/controllers')).text);
    const silent = (name: string, error: string) => ({ name, ok: false, error, report: null });
    expect(controllers).toEqual([
      { name: 'webbox1', ok: true, error: null, report: poolReport() },
      { name: 'webbox2', ok: true, error: null, report: other },
      silent('webbox3', 'ECONNREFUSED'),
      silent('webbox4', 'it refuses with HTTP 429'),
      silent('webbox5', 'it is of another pool'),
      silent('webbox6', 'what it answers is no report of this version'),
      silent('webbox7', 'what it answers is no report of this version'),
    ]);
  });

  it('is asked for once, however many want to know', async () => {
    let asked = 0;
    const { url } = await served({
      askControllers: async () => {
        asked += 1;
        return [];
      },
    });
    await Promise.all(Array.from({ length: 20 }, () => ask(url, '/v1/controllers')));
    expect((await ask(url, '/v1/controllers')).status).toBe(200);
    expect(asked).toBe(1);
  });

  it('is asked for again after it failed', async () => {
    let asked = 0;
    const server = await served({
      askControllers: async () => {
        asked += 1;
        if (asked === 1) throw new Error('broken');
        return [];
      },
    });
    expect((await ask(server.url, '/v1/controllers')).status).toBe(500);
    expect((await ask(server.url, '/v1/controllers')).status).toBe(200);
  });
});
