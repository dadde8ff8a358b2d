import { open } from 'node:fs/promises';
import { isErrno } from './process.ts';

/** A shorter value would be found everywhere by chance. Our callback goes by the same length. */
const shortestSecret = 6;
const chunkBytes = 1024 * 1024;

/** A copy of plain data with every occurrence of a secret in its strings replaced. */
export function withoutSecrets(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') {
    return secrets.filter(isLongEnough).reduce((text, secret) => text.replaceAll(secret, '[redacted]'), value);
  }
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutSecrets(each, secrets)]));
}

/**
 * Overwrites every occurrence of a secret in a file with asterisks, in place: the log of a playbook that prints what
 * it should hide. Plain text is looked for, and the forms in which Ansible prints text inside JSON. Nobody may be
 * writing to the file any more. Returns the number of places.
 */
export async function scrubFile(file: string, secrets: readonly string[]): Promise<number> {
  const forms = [...new Set(secrets.filter(isLongEnough).flatMap(writtenForms))].map((form) => Buffer.from(form));
  if (forms.length === 0) return 0;
  const handle = await open(file, 'r+').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (handle === undefined) return 0;
  try {
    // Chunks overlap, so that a secret across a border is whole in one of them.
    const overlap = Math.max(...forms.map((form) => form.length)) - 1;
    const buffer = Buffer.alloc(chunkBytes + overlap);
    let places = 0;
    for (let position = 0; ; position += chunkBytes) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      const chunk = buffer.subarray(0, bytesRead);
      for (const form of forms) {
        for (let at = chunk.indexOf(form); at !== -1; at = chunk.indexOf(form, at + form.length)) {
          chunk.fill('*', at, at + form.length);
          await handle.write(chunk, at, form.length, position + at);
          places += 1;
        }
      }
      if (bytesRead < buffer.length) return places;
    }
  } finally {
    await handle.close();
  }
}

function writtenForms(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const inAscii = inJson.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [secret, inJson, inAscii];
}

function isLongEnough(secret: string): boolean {
  return secret.length >= shortestSecret;
}
