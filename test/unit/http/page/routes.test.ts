import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ScriptedController } from '../../../browser/scripted-controller.ts';
import * as samples from '../../../fakes/page-samples.ts';
import { ask, type HttpAnswer } from '../fake-controller.ts';

async function answerOf(path: string): Promise<HttpAnswer> {
  const controller = await new ScriptedController(samples.failingPool()).start();
  controller.runs = [samples.runningRun];
  onTestFinished(() => controller.stop());
  return ask(controller.url, path);
}

describe('the pages', () => {
  it.each(['/', '/?range=30d', '/nodes/webbox3', '/runs/01jdrun9', '/controllers'])(
    'at %s are one document whose policy lets its own style and script work, and nothing else',
    async (path) => {
      const { status, headers, text } = await answerOf(path);
      expect(status).toBe(200);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      const policy = String(headers['content-security-policy']);
      expect(policy).not.toContain('unsafe');
      for (const element of ['style', 'script']) {
        const inside = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(text)?.[1] ?? '';
        expect(policy).toContain(`${element}-src 'sha256-${createHash('sha256').update(inside).digest('base64')}'`);
      }
    },
  );

  it.each([
    ['/nodes/webbox9', 404],
    ['/runs/nothing', 404],
    ['/badge/webbox9.svg', 404],
    ['/badge/webbox1', 404],
    ['/?range=2h', 400],
    ['/?x=1', 400],
  ])('%s is a problem', async (path, status) => {
    const answer = await answerOf(path);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it('have a badge of each node', async () => {
    const { headers, text } = await answerOf('/badge/webbox3.svg');
    expect(headers['content-type']).toMatch(/^image\/svg\+xml/);
    expect(text).toContain('aria-label="webbox3: rebuilding"');
  });
});
