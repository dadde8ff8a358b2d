import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { member } from './document.ts';
import { parseListenAddress, type ListenAddress } from './listen-address.ts';

/** What is needed to ask the controller of this machine. */
export interface Peek {
  readonly pool: string;
  readonly listen: ListenAddress;
  /** PEM file that its certificate is proven with; null: it speaks plain HTTP. */
  readonly ca: string | null;
}

/** The default of http.listen. */
const defaultListen = '127.0.0.1:8460';

/**
 * A few values of a configuration file that is not checked: loading it whole takes longer than to ask a controller. Undefined when
 * they are not plainly there; then the file has to be loaded. Never throws.
 */
export async function peekConfig(path: string): Promise<Peek | undefined> {
  let document: unknown;
  try {
    document = load(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
  const pool = member(member(document, 'pool'), 'name');
  const text = member(member(document, 'http'), 'listen') ?? defaultListen;
  const listen = typeof text === 'string' ? parseListenAddress(text) : undefined;
  const tls = member(member(document, 'http'), 'tls') ?? null;
  const ca = tls === null ? null : (member(tls, 'ca') ?? member(tls, 'cert'));
  if (ca !== null && typeof ca !== 'string') return undefined;
  return typeof pool === 'string' && listen !== undefined ? { pool, listen, ca } : undefined;
}
