import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { onTestFinished } from 'vitest';
import { parseNotify } from './settings.ts';
import type { MailTarget } from '../../../src/notify/mail.ts';

/** A mail as it arrived. */
export interface Received {
  readonly to: readonly string[];
  readonly subject: string;
  readonly messageId: string;
  readonly raw: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

/** A real SMTP server. */
export class MailServer {
  readonly received: Received[] = [];
  /** What it says to the next mails; undefined: it takes them. */
  refusal: string | undefined;
  /** It takes a mail, and never says so. */
  isHanging = false;
  readonly #server: SMTPServer;

  private constructor(options: SMTPServerOptions) {
    this.#server = new SMTPServer({
      authOptional: true,
      disableReverseLookup: true,
      logger: false,
      closeTimeout: 100,
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => this.#take(Buffer.concat(chunks).toString('utf8'), session, callback));
      },
      ...options,
    });
    this.#server.on('error', () => undefined);
  }

  static async start(options: SMTPServerOptions = {}, port = 0, address = '127.0.0.1'): Promise<MailServer> {
    const self = new MailServer(options);
    self.#server.listen(port, address);
    await once(self.#server.server, 'listening');
    return self;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(resolve));
  }

  #take(raw: string, session: SMTPServerSession, callback: (error: Error | null, answer?: string) => void): void {
    if (this.isHanging) return;
    if (this.refusal !== undefined) {
      callback(Object.assign(new Error(this.refusal), { responseCode: 451 }));
      return;
    }
    this.received.push(receivedOf(raw, session));
    callback(null, 'queued');
  }

  /** A target that sends here. */
  target(more: Record<string, unknown> = {}, scheme = 'smtp'): MailTarget {
    return mailTarget(this.port, more, scheme);
  }

  get subjects(): readonly string[] {
    return this.received.map(({ subject }) => subject);
  }
}

/** A real SMTP server on loopback, ended with the test. */
export async function mailServer(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
  const server = await MailServer.start(options, port);
  onTestFinished(() => server.stop());
  return server;
}

/** A target on loopback. */
export function mailTarget(port: number, more: Record<string, unknown> = {}, scheme = 'smtp'): MailTarget {
  const smtp = `${scheme}://127.0.0.1:${port}`;
  const { mail } = parseNotify({
    mail: { smtp, from: 'regrow <regrow@example.org>', to: ['admin@example.org'], ...more },
  });
  if (mail === null) throw new Error('no mail');
  return mail;
}

/** A server that takes connections and says nothing, ever; ended with the test. */
export async function silentServer(): Promise<{ readonly port: number; readonly server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server };
}

function receivedOf(raw: string, session: SMTPServerSession): Received {
  const [head = ''] = raw.split('\r\n\r\n');
  const unfolded = head.replace(/\r\n[ \t]+/g, ' ');
  const header = (name: string): string => new RegExp(`^${name}: (.*)$`, 'im').exec(unfolded)?.[1] ?? '';
  return {
    raw,
    to: session.envelope.rcptTo.map(({ address }) => address),
    subject: header('subject'),
    messageId: header('message-id'),
    secure: session.secure,
    user: typeof session.user === 'string' ? session.user : undefined,
  };
}
