import { readFile } from 'node:fs/promises';
import { reachableUrl, parseListenAddress } from '../config/listen-address.ts';
import { peekConfig, type Peek } from '../config/peek.ts';
import type { CliContext } from './context.ts';
import { askController, type Asker } from './controller-client.ts';

/** A controller that runs on this machine answers at once, or it stands still. */
const answerWithinMs = 1_000;

/** Where the controller of this machine is, and with TLS the certificate that it is known by. */
export interface LocalServer {
  readonly url: string;
  readonly pool: string;
  readonly ca: string | undefined;
}

/** By the configuration, which is not loaded for it where that can be avoided. */
export async function localServer(context: CliContext): Promise<LocalServer> {
  const { pool, listen, ca } = (await peekConfig(context.configPath)) ?? (await fromConfig(context));
  return {
    url: reachableUrl(listen, ca === null ? 'http' : 'https'),
    pool,
    ca: ca === null ? undefined : await readFile(ca, 'utf8').catch(() => undefined),
  };
}

/** Asks the controller of this machine. */
export async function localController(context: CliContext): Promise<Asker> {
  const { url, pool, ca } = await localServer(context);
  return async (signal) => {
    const asked = await askController(url, answerWithinMs, signal, ca);
    if (asked.kind !== 'report' || asked.report.pool === pool) return asked;
    return { kind: 'silent', reason: `${url} is a controller of the pool ${asked.report.pool}` };
  };
}

async function fromConfig(context: CliContext): Promise<Peek> {
  const { config } = await context.config();
  const listen = parseListenAddress(config.http.listen);
  if (listen === undefined) throw new TypeError(`not an address: ${config.http.listen}`);
  const { tls } = config.http;
  return { pool: config.pool.name, listen, ca: tls === null ? null : (tls.ca ?? tls.cert) };
}
