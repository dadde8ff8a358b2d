import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { constants } from 'node:os';
import { gunzipSync } from 'node:zlib';

/** One captured run of ansible-playbook with one stdout callback. */
export interface CapturedRun {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly rc: number | null;
  readonly signal: string | null;
}

export const fixtures = path.resolve(import.meta.dirname, '../fixtures/ansible-output');
export const cores = ['2.14', '2.19', '2.22'] as const;
export type Core = (typeof cores)[number];

/** The names of all cases that were captured for a core. */
export function caseNames(core: Core): readonly string[] {
  return readdirSync(path.join(fixtures, `core-${core}`)).toSorted();
}

/** Reads a case; undefined when it was not captured with that callback. */
export function capturedRun(core: Core, name: string, callback: 'jsonl' | 'json'): CapturedRun | undefined {
  const folder = path.join(fixtures, `core-${core}`, name);
  if (!existsSync(path.join(folder, `${callback}.meta.json`))) return undefined;
  const meta = JSON.parse(readFileSync(path.join(folder, `${callback}.meta.json`), 'utf8')) as { rc: number };
  // Python's subprocess gives a signal as a negative code.
  const signal = Object.entries(constants.signals).find(([, number]) => number === -meta.rc)?.[0] ?? null;
  return {
    stdout: readPlainOrPacked(path.join(folder, `${callback}.stdout`)),
    stderr: readPlainOrPacked(path.join(folder, `${callback}.stderr`)).toString('utf8'),
    rc: signal === null ? meta.rc : null,
    signal,
  };
}

function readPlainOrPacked(file: string): Buffer {
  return existsSync(file) ? readFileSync(file) : gunzipSync(readFileSync(`${file}.gz`));
}
