import { open } from 'node:fs/promises';
import { RegrowError } from '../errors.ts';
import type { Environment } from './environment.ts';

const hidden = '(hidden)';
const maxSecretBytes = 64 * 1024;

/** A secret written into the configuration itself. Printing, logging or serialising it never shows the text. */
export class SecretLiteral {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  /** The secret itself. Only `resolveSecret` has a reason to call this. */
  reveal(): string {
    return this.#text;
  }
  toString(): string {
    return hidden;
  }
  toJSON(): string {
    return hidden;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return hidden;
  }
}

/** Where a secret comes from: an environment variable, a file, or the configuration itself. */
export type SecretRef = { readonly env: string } | { readonly file: string } | SecretLiteral;

/** The secret's text. Throws SECRET_UNAVAILABLE, which names the place and never the content. */
export async function resolveSecret(ref: SecretRef, env: Environment): Promise<string> {
  if (ref instanceof SecretLiteral) return ref.reveal();
  return 'env' in ref ? fromEnvironment(ref.env, env) : fromFile(ref.file);
}

function fromEnvironment(name: string, env: Environment): string {
  const text = env[name];
  if (text === undefined || text === '') {
    throw unavailable(`the environment variable ${name} is ${text === '' ? 'empty' : 'not set'}`, { env: name });
  }
  return text;
}

async function fromFile(path: string): Promise<string> {
  const text = await readWhole(path);
  // Editors and `echo` end a file with a newline; it is not part of the secret.
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw unavailable(`the file ${path} is empty`, { file: path });
  if (secret.includes('\0'))
    throw unavailable(`the file ${path} holds a null byte, so it is no password`, { file: path });
  return secret;
}

async function readWhole(path: string): Promise<string> {
  let problem: string;
  try {
    const file = await open(path);
    try {
      const buffer = Buffer.alloc(maxSecretBytes + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      if (bytesRead <= maxSecretBytes)
        return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead));
      problem = `is larger than ${maxSecretBytes} bytes`;
    } finally {
      await file.close();
    }
  } catch (error) {
    problem = `cannot be read (${reasonOf(error)})`;
  }
  throw unavailable(`the file ${path} ${problem}`, { file: path });
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'unknown reason';
}

function unavailable(problem: string, facts: Record<string, unknown>): RegrowError {
  const remedy =
    'env' in facts
      ? `start regrow with ${String(facts['env'])} set, or give the secret as {file: /path} in the configuration`
      : 'create the file with the secret as its only content, owned by the user that regrow runs as, mode 0600';
  return new RegrowError('SECRET_UNAVAILABLE', `A secret is not available: ${problem}.`, { facts, remedy });
}
