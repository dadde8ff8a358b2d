import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { createTransport, type SMTPTransportOptions } from 'nodemailer';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { resolveSecret } from '../config/secret.ts';
import { mailText } from './mail-text.ts';
import type { Message, SendResult } from './message.ts';

/** Where mail goes. */
export type MailTarget = NonNullable<Config['notify']['mail']>;

/** What an attempt goes by, beside the target. */
export interface MailAttempt {
  /** Where secrets of the form `{env: NAME}` are found. */
  readonly env: Environment;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  readonly limits?: MailLimits;
}

/** How long a server is waited for, in milliseconds. */
export interface MailLimits {
  /** For a connection, a greeting, and each further word. */
  readonly stepMs: number;
  /** From the first packet to the last word: a server that trickles is cut off. */
  readonly deadlineMs: number;
}

const usualLimits: MailLimits = { stepMs: 15_000, deadlineMs: 60_000 };

/** Sends a message as mail. A receiver that is refused while others are not is named in `detail`. */
export async function sendMail(message: Message, target: MailTarget, attempt: MailAttempt): Promise<SendResult> {
  const { subject, text } = mailText(message);
  const pool = message.notices[0]?.pool ?? 'pool';
  return talk(target, attempt, async (transport) => {
    const { rejected, response } = await transport.sendMail({
      from: target.from,
      to: [...target.to],
      messageId: `<${message.id}@regrow.${pool}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      subject,
      text,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return rejected.length === 0 ? response : `${response}; refused: ${rejected.join(', ')}`;
  });
}

/** Connects, greets and logs in, and sends nothing. */
export async function tryMail(target: MailTarget, attempt: MailAttempt): Promise<SendResult> {
  return talk(target, attempt, async (transport) => {
    await transport.verify();
    return target.user === null ? 'it greets' : `it greets, and lets ${target.user} log in`;
  });
}

function newTransport(options: SMTPTransportOptions) {
  return createTransport(options);
}

type Transport = ReturnType<typeof newTransport>;

async function talk(
  target: MailTarget,
  { env, signal, limits = usualLimits }: MailAttempt,
  work: (transport: Transport) => Promise<string>,
): Promise<SendResult> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(limits.deadlineMs)]);
  let socket: Socket | undefined;
  const cut = (): unknown => socket?.destroy(new Error('it did not get done in time'));
  within.addEventListener('abort', cut);
  try {
    const options = await optionsOf(target, env, limits);
    socket = await open(smtpAddress(target.smtp), limits);
    if (within.aborted) throw new Error('it did not get done in time');
    return { kind: 'told', detail: await work(newTransport({ ...options, connection: socket })) };
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) };
  } finally {
    within.removeEventListener('abort', cut);
    socket?.destroy();
  }
}

/** Host and port of an SMTP URL. */
export function smtpAddress(smtp: string): { readonly host: string; readonly port: number } {
  const url = new URL(smtp);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const usual = url.protocol === 'smtps:' ? 465 : 25;
  return { host, port: url.port === '' ? usual : Number(url.port) };
}

async function optionsOf(target: MailTarget, env: Environment, { stepMs }: MailLimits): Promise<SMTPTransportOptions> {
  const { smtp, tls, ca_file: caFile, user, password } = target;
  const secure = smtp.startsWith('smtps:');
  // A password is never said in the clear, unless somebody asked for that.
  const isCertain = secure || tls === 'required' || (tls === 'auto' && password !== null);
  const ca = caFile === null ? undefined : await readFile(caFile, 'utf8');
  const { host } = smtpAddress(smtp);
  return {
    host,
    secure,
    requireTLS: !secure && isCertain,
    ignoreTLS: !secure && tls === 'off',
    opportunisticTLS: !isCertain,
    tls: { rejectUnauthorized: isCertain, ...(ca === undefined ? {} : { ca }) },
    greetingTimeout: stepMs,
    socketTimeout: stepMs,
    socketCloseTimeout: 0,
    ...(user === null || password === null ? {} : { auth: { user, pass: await resolveSecret(password, env) } }),
  };
}

/** A connection that this module can cut at any time. */
async function open(
  address: { readonly host: string; readonly port: number },
  { stepMs }: MailLimits,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const late = setTimeout(() => socket.destroy(new Error('no connection in time')), stepMs);
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(late);
      reject(new Error('the connection was closed'));
    });
    socket.once('connect', () => {
      clearTimeout(late);
      resolve(socket);
    });
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}
