import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { minimalText } from '../config/sample.ts';
import { mailServer } from '../notify/mail-server.ts';
import { regrow } from './terminal.ts';

function fileOf(notify: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'regrow-notify-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'regrow.yml');
  writeFileSync(file, `${minimalText}notify: ${notify}\n`);
  return file;
}

describe('regrow notify test', () => {
  it('sends one message through each channel, and says what came of it', async () => {
    const server = await mailServer();
    const mail = `mail: {smtp: "smtp://127.0.0.1:${server.port}", from: a@b.c, to: [d@e.f]}`;
    const alone = await regrow(['notify', 'test', '--config', fileOf(`{${mail}}`)]);
    expect(alone).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^mail +yes +250/m) });
    expect(server.subjects).toEqual(['[regrow web] a test: nothing has happened']);
    const both = fileOf(`{${mail}, webhook: {url: "http://127.0.0.1:1/T0/hunter2"}}`);
    const answer = await regrow(['notify', 'test', '--json', '--config', both]);
    expect(answer.exitCode).toBe(1);
    expect(JSON.parse(answer.stdout)).toMatchObject({
      results: [
        { channel: 'mail', told: true },
        { channel: 'webhook', told: false },
      ],
    });
    expect(answer.stdout + answer.stderr).not.toContain('hunter2');
  });

  it('is refused where nobody is to be told', async () => {
    const { exitCode, stderr } = await regrow(['notify', 'test', '--config', fileOf('{}')]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('neither notify.mail nor notify.webhook');
  });
});
