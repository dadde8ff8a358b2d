import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A certificate and its key: PEM, and the files that they lie in. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly files: { readonly cert: string; readonly key: string };
}

/** A certificate for a name, signed by another, or by itself. */
export function certificateFor(name: string, authority?: Certificate): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'regrow-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const signer = authority === undefined ? [] : ['-CA', authority.files.cert, '-CAkey', authority.files.key];
  const kind = name === 'authority' ? [] : ['-addext', `subjectAltName=DNS:${name}`];
  execFileSync(
    'openssl',
    // prettier-ignore
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`, ...kind, ...signer, '-keyout', files.key, '-out', files.cert],
    { stdio: 'ignore' },
  );
  return { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8'), files };
}
