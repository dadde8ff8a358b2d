import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';

/** Looks at the argv of every process, guests' too, as often as it can, for texts that must never be there. */
export class ArgvWatch {
  readonly #secrets: readonly string[];
  #isOver = false;
  readonly #loop: Promise<void>;
  readonly seen = new Set<string>();
  samples = 0;

  constructor(...secrets: readonly string[]) {
    this.#secrets = secrets;
    this.#loop = this.#watch();
  }

  /** Ends the watch. Returns the command lines that held one. */
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
        if (this.#secrets.some((secret) => argv.includes(secret))) this.seen.add(argv.replaceAll('\0', ' '));
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

/** Where in a guest a secret could have been left. */
const placesInGuest = ['/etc', '/var/lib/regrow', '/var/log', '/run', '/tmp', '/var/tmp', '/root'];

/** Files of a guest that hold what the file in it holds: a secret, which is never named on a command line here either. */
export async function guestFilesHolding(lab: Lab, node: string, secretFile: string): Promise<readonly string[]> {
  const search = ['grep', '-rlF', '--devices=skip', '-f', secretFile, '--'];
  const { exitCode, stdout, stderr } = await lab.exec(node, search.concat(placesInGuest));
  // 1: found nothing, not even the file itself; 2 beside findings: a file went away meanwhile.
  if (stdout === '') throw new Error(`grep in ${node} ended with ${exitCode} and found nothing: ${stderr}`);
  return stdout.split('\n');
}
