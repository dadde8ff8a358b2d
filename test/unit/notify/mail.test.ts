import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { SMTPServerOptions } from 'smtp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sendMail, tryMail } from '../../../src/notify/mail.ts';
import { mailText } from '../../../src/notify/mail-text.ts';
import { mailServer, mailTarget, silentServer } from './mail-server.ts';
import { message, notice } from './settings.ts';

const attempt = (): { env: Record<string, string>; signal: AbortSignal } => ({
  env: { SMTP_PASSWORD: 'hunter2' },
  signal: new AbortController().signal,
});
type OnAuth = NonNullable<SMTPServerOptions['onAuth']>;
const login = { user: 'regrow', password: { env: 'SMTP_PASSWORD' } };

/** A certificate for 127.0.0.1, its own authority. */
async function certificate(): Promise<{ readonly key: string; readonly cert: string; readonly file: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'regrow-mail-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [keyFile, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const name = ['-subj', '/CN=mail', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await execa('openssl', ['req', '-x509', ...kind, ...name, '-keyout', keyFile, '-out', file]);
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(file, 'utf8'), file };
}

const onlyRegrow: OnAuth = (auth, _, callback) => {
  if (auth.username === 'regrow' && auth.password === 'hunter2') callback(null, { user: 'regrow' });
  else callback(new Error('535 who are you?'));
};

describe('a mail', () => {
  it('arrives once at every receiver, with its subject and an id that is the message’s own', async () => {
    const server = await mailServer();
    const target = server.target({ to: ['a@example.org', 'b@example.org'] });
    expect(await sendMail(message(), target, attempt())).toMatchObject({ kind: 'told' });
    expect(server.received).toHaveLength(1);
    expect(server.received[0]).toMatchObject({
      to: ['a@example.org', 'b@example.org'],
      subject: '[regrow web] webbox3: fault opened: ping failed',
      messageId: `<${message().id}@regrow.web>`,
    });
  });

  it('goes by STARTTLS when the server offers it, whatever its certificate, as long as there is no password', async () => {
    const { key, cert } = await certificate();
    const server = await mailServer({ key, cert });
    expect(await sendMail(message(), server.target(), attempt())).toMatchObject({ kind: 'told' });
    expect(server.received[0]?.secure).toBe(true);
  });

  it('is sent with a login over TLS by a certificate that is right', async () => {
    const { key, cert, file } = await certificate();
    const server = await mailServer({ key, cert, authOptional: false, onAuth: onlyRegrow });
    const target = server.target({ ...login, ca_file: file });
    expect(await sendMail(message(), target, attempt())).toMatchObject({ kind: 'told' });
    expect(server.received[0]).toMatchObject({ secure: true, user: 'regrow' });
  });

  it('is sent over TLS from the first byte by smtps', async () => {
    const { key, cert, file } = await certificate();
    const server = await mailServer({ secure: true, key, cert });
    expect(await sendMail(message(), server.target({ ca_file: file }, 'smtps'), attempt())).toMatchObject({
      kind: 'told',
    });
    expect(await sendMail(message(), server.target({}, 'smtps'), attempt())).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('certificate'),
    });
  });

  it.each([
    ['a certificate that is not right', {}],
    ['a server that has no TLS', { disabledCommands: ['STARTTLS'] }],
  ])('says no password to %s', async (_, options) => {
    const { key, cert } = await certificate();
    let asked = 0;
    const onAuth: OnAuth = (auth, session, callback) => {
      asked += 1;
      onlyRegrow.call(server, auth, session, callback);
    };
    const server = await mailServer({ key, cert, allowInsecureAuth: true, onAuth, ...options });
    expect(await sendMail(message(), server.target(login), attempt())).toMatchObject({ kind: 'failed' });
    expect(asked).toBe(0);
    expect(server.received).toEqual([]);
  });

  it('fails with the reason, and without the password, when the login is refused', async () => {
    const { key, cert, file } = await certificate();
    const server = await mailServer({ key, cert, onAuth: onlyRegrow });
    const wrong = { env: { SMTP_PASSWORD: 'hunter3' }, signal: new AbortController().signal };
    const result = await sendMail(message(), server.target({ ...login, ca_file: file }), wrong);
    expect(result).toMatchObject({ kind: 'failed', reason: expect.stringContaining('535') });
    expect(JSON.stringify(result)).not.toContain('hunter3');
  });

  it('fails when a server is not there, refuses, or a secret cannot be read', async () => {
    const server = await mailServer();
    server.refusal = 'greylisted';
    expect(await sendMail(message(), server.target(), attempt())).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('greylisted'),
    });
    const target = server.target();
    const secret = server.target({ user: 'regrow', password: { file: '/nowhere/secret' } });
    await server.stop();
    expect(await sendMail(message(), target, attempt())).toMatchObject({ kind: 'failed' });
    expect(await sendMail(message(), secret, attempt())).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('/nowhere/secret'),
    });
  });

  it.each([
    ['that says nothing', { stepMs: 100, deadlineMs: 20_000 }, []],
    ['that says one letter after the other', { stepMs: 20_000, deadlineMs: 300 }, ['2', '2', '0', ' ']],
  ])('is not waited for from a server %s', async (_, limits, letters) => {
    const { port, server } = await silentServer();
    server.on('connection', (socket: Socket) => {
      for (const letter of letters) socket.write(letter);
    });
    expect(await sendMail(message(), mailTarget(port), { ...attempt(), limits })).toMatchObject({ kind: 'failed' });
  });

  it('ends at once when it is called off, whatever the server does', async () => {
    const { port } = await silentServer();
    const ending = new AbortController();
    const sent = sendMail(message(), mailTarget(port), { ...attempt(), signal: ending.signal });
    ending.abort();
    expect(await sent).toMatchObject({ kind: 'failed' });
  });
});

describe('trying the server', () => {
  it('greets and logs in, and sends nothing', async () => {
    const { key, cert, file } = await certificate();
    const server = await mailServer({ key, cert, onAuth: onlyRegrow });
    expect(await tryMail(server.target({ ...login, ca_file: file }), attempt())).toEqual({
      kind: 'told',
      detail: 'it greets, and lets regrow log in',
    });
    expect(await tryMail(server.target({ ca_file: file }), attempt())).toMatchObject({ detail: 'it greets' });
    expect(server.received).toEqual([]);
  });
});

describe('the text', () => {
  it('names node, state, why, what is being done, and where to look', () => {
    const { subject, text } = mailText(message(notice({ next: 'webbox1 builds it', run: 'abc' })));
    expect(subject).toBe('[regrow web] webbox3: fault opened: ping failed');
    expect(text).toBe(`what  webbox3: fault opened: ping failed
when  2026-01-01 10:00:00 UTC
state webbox3 is faulted: ping failed; vCenter is asked again before anything is done
now   webbox1 builds it
run   abc
look  http://10.0.0.1:8460/
      regrow explain webbox3

-- 
regrow, pool web, as webbox1 sees it
`);
  });

  it('of several that came together counts them, names the nodes, and has them in order', () => {
    const all = ['webbox2', 'webbox3', 'webbox4'].map((node) => notice({ node, id: node }));
    const { subject, text } = mailText(message(...all, notice({ node: null, summary: 'vCenter cannot be read: x' })));
    expect(subject).toBe('[regrow web] 4 events: webbox2, webbox3, webbox4');
    expect(text.indexOf('webbox2')).toBeLessThan(text.indexOf('webbox3'));
    expect(text.match(/^what /gm)).toHaveLength(4);
  });

  it('lets nothing that a node said begin another line', async () => {
    const server = await mailServer();
    const evil = notice({ summary: 'fault opened: x\r\nBcc: all@example.org\u2028y', why: 'a\nlook  http://evil/' });
    await sendMail(message(evil), server.target(), attempt());
    expect(server.received[0]?.to).toEqual(['admin@example.org']);
    expect(server.received[0]?.raw).not.toMatch(/^Bcc:/m);
    expect(mailText(message(evil)).text).not.toMatch(/^look {2}http:\/\/evil/m);
  });
});

it('reads its authority from the file that the configuration names', async () => {
  const server = await mailServer();
  const missing = server.target({ ca_file: '/nowhere/ca.pem' });
  expect(await sendMail(message(), missing, attempt())).toMatchObject({ reason: expect.stringContaining('ENOENT') });
});
