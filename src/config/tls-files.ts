import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { RegrowError } from '../errors.ts';
import type { Config } from './schema.ts';

/** What a controller's HTTPS goes by, as PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly trust: PeerTrust;
}

/** Which certificates of other controllers are taken. */
export interface PeerTrust {
  readonly ca: string;
  /** SHA-256 of the only certificate that is taken; null: any for the asked name that `ca` signed. */
  readonly pin: string | null;
}

/** Reads the files of `http.tls`; null when it is not set. Throws HTTP_UNAVAILABLE when they cannot be used. */
export async function readTlsFiles({ tls }: Config['http']): Promise<TlsFiles | null> {
  if (tls === null) return null;
  // One after the other: of several that are missing, the same one is always named.
  const cert = await read(tls.cert, 'http.tls.cert');
  const key = await read(tls.key, 'http.tls.key');
  const ca = tls.ca === null ? null : await read(tls.ca, 'http.tls.ca');
  try {
    createSecureContext({ cert, key, ...(ca === null ? {} : { ca }) });
    const pin = ca === null ? new X509Certificate(cert).fingerprint256 : null;
    return { cert, key, trust: { ca: ca ?? cert, pin } };
  } catch (error) {
    throw new RegrowError('HTTP_UNAVAILABLE', `${tls.cert} and ${tls.key} (http.tls) are no certificate and its key.`, {
      facts: { cert: tls.cert, key: tls.key },
      remedy:
        'See that both are PEM, and that the key is without passphrase and belongs to the first certificate of the file.',
      cause: error,
    });
  }
}

async function read(path: string, setting: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new RegrowError('HTTP_UNAVAILABLE', `${path} (${setting}) cannot be read.`, {
      facts: { path },
      remedy: 'Put the file there, readable for the user that runs regrow.',
      cause: error,
    });
  }
}
