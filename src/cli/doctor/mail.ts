import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Config } from '../../config/schema.ts';
import { fail, ok, type Finding } from './finding.ts';

const timeoutMs = 10_000;

/** Whether the mail server answers with its greeting. No mail is sent. */
export async function mailFindings({ notify }: Config): Promise<readonly Finding[]> {
  if (!notify.mail) return [];
  const url = new URL(notify.mail.smtp);
  const secure = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 465 : 25) : Number(url.port);
  const heard = await greeting(host, port, secure);
  const item = `mail ${host}:${port}`;
  if (heard.startsWith('220')) return [ok(item, heard)];
  return [fail(item, heard, 'correct notify.mail.smtp, or let this machine reach the server')];
}

/** The server's first line, or why there is none. */
async function greeting(host: string, port: number, secure: boolean): Promise<string> {
  return new Promise((resolve) => {
    const socket = secure ? connectTls({ host, port, servername: host }) : connectPlain({ host, port });
    let text = '';
    const end = (line: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(line.slice(0, 200));
    };
    const timer = setTimeout(() => end(`no greeting within ${timeoutMs / 1000} s`), timeoutMs);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n') || text.length > 1000) end(text.split(/\r?\n/)[0] ?? '');
    });
    socket.on('error', (error: Error) => end(error.message));
    socket.on('close', () => end('the connection was closed without a greeting'));
  });
}
