import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Looks at the argv of every process, as often as it can, for a text that must never be there. */
export class ArgvWatch {
  readonly #secret: string;
  #isOver = false;
  readonly #loop: Promise<void>;
  readonly seen = new Set<string>();
  samples = 0;

  constructor(secret: string) {
    this.#secret = secret;
    this.#loop = this.#watch();
  }

  /** Ends the watch. Returns the command lines that held the secret. */
  async stop(): Promise<readonly string[]> {
    this.#isOver = true;
    await this.#loop;
    return [...this.seen];
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      for (const pid of await readdir('/proc')) {
        if (!/^\d+$/.test(pid)) continue;
        const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        if (argv.includes(this.#secret)) this.seen.add(argv.replaceAll('\0', ' '));
      }
      this.samples += 1;
      await delay(10);
    }
  }
}

/** Files below a folder whose bytes hold the text. Links are not followed. */
export async function filesHolding(folder: string, secret: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    if (bytes.includes(secret)) found.push(file);
  }
  return found;
}
