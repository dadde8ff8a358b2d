import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { member } from './document.ts';
import { parseListenAddress, type ListenAddress } from './listen-address.ts';

/** What is needed to ask the controller of this machine. */
export interface Peek {
  readonly pool: string;
  readonly listen: ListenAddress;
}

/** The default of http.listen. */
const defaultListen = '127.0.0.1:8460';

/**
 * Two values of a configuration file that is not checked: loading it whole takes longer than to ask a controller. Undefined when
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
  return typeof pool === 'string' && listen !== undefined ? { pool, listen } : undefined;
}
