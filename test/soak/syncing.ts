import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sweep } from '../../src/ansible/process.ts';
import { adminController } from '../e2e/controllers.ts';
import { eventually, type Lab } from '../lab/lab.ts';

const answerSchema = z.object({
  run: z.string(),
  nodes: z.array(
    z.object({
      node: z.string(),
      outcome: z.string(),
      message: z.string().nullable(),
      sent: z.array(z.string()),
      image: z.string().nullable(),
    }),
  ),
});

/** What `regrow sync --json` answers. */
export type SyncAnswer = z.infer<typeof answerSchema> & { readonly exitCode: number };

/** A file of a sync's configuration, by its name in the shared folder. */
export interface SharedFile {
  readonly name: string;
  readonly more?: string;
}

/** A controller on the admin host that sends files to the nodes of a lab. */
export class Sender {
  readonly lab: Lab;
  /** Where the shared files lie, here and on the nodes. */
  readonly shared: string;
  readonly config: string;
  readonly #name: string;

  private constructor(lab: Lab, name: string, config: string) {
    this.lab = lab;
    this.config = config;
    this.#name = name;
    this.shared = join(lab.dir, `shared-${name}`);
  }

  /** `edit` changes its regrow.yml; `image`: the options of the image's sync. */
  static async make(
    lab: Lab,
    name: string,
    files: readonly SharedFile[],
    options: { readonly image?: string; readonly edit?: (text: string) => string } = {},
  ): Promise<Sender> {
    const folder = join(lab.dir, `shared-${name}`);
    const own = files.map((file) => `{path: ${join(folder, file.name)}, ${file.more ?? 'mode: "0644"'}}`);
    const { image = 'image: false', edit = (text: string) => text } = options;
    const config = await adminController(lab, name, (text) =>
      edit(`${text}sync: {files: [${own.join(', ')}], ${image}}\n`),
    );
    mkdirSync(folder);
    const state = join(lab.dir, `admin-${name}`);
    mkdirSync(state, { mode: 0o700 });
    copyFileSync(join(lab.dir, 'admin', 'known_hosts'), join(state, 'known_hosts'));
    return new Sender(lab, name, config);
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(join(this.shared, name), content);
    return sumOf(content);
  }

  async sync(...nodes: readonly string[]): Promise<SyncAnswer> {
    const { exitCode, stdout, stderr } = await this.lab.regrow(['sync', ...nodes, '--json'], { config: this.config });
    if (stdout === '') throw new Error(`no answer of regrow sync (exit code ${exitCode}): ${stderr}`);
    return { ...answerSchema.parse(JSON.parse(stdout)), exitCode };
  }

  /** Starts a sync, and kills the controller, its run and every rsync and ssh of it, by SIGKILL, as soon as `isTime`. */
  async killedWhen(what: string, withinMs: number, isTime: () => Promise<boolean>): Promise<void> {
    const runs = join(this.lab.dir, `admin-${this.#name}`, 'runs');
    const before = new Set(existsSync(runs) ? readdirSync(runs) : []);
    const main = join(import.meta.dirname, '../../dist/main.js');
    const controller = spawn(process.execPath, [main, '--config', this.config, 'sync'], { stdio: 'ignore' });
    const over = once(controller, 'exit');
    await eventually(what, withinMs, async () => {
      if (controller.exitCode !== null) throw new Error(`the sync ended (${controller.exitCode}) before this: ${what}`);
      return (await isTime()) ? true : undefined;
    });
    controller.kill('SIGKILL');
    await over;
    for (const run of readdirSync(runs)) if (!before.has(run)) await sweep(run);
  }

  /** Runs its daemon as long as `body` takes; `ask` is a GET of it. */
  async watching<T>(port: number, body: (ask: (path: string) => Promise<unknown>) => Promise<T>): Promise<T> {
    const main = join(import.meta.dirname, '../../dist/main.js');
    const daemon = spawn(process.execPath, [main, '--config', this.config, 'run'], { stdio: 'ignore' });
    const over = once(daemon, 'exit');
    try {
      return await body(async (path) =>
        (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept: 'application/json' } })).json(),
      );
    } finally {
      daemon.kill('SIGTERM');
      await over;
    }
  }

  /** A newer image than the one that the nodes have, of about that size; its disk's checksum. */
  newImage(megabytes: number): string {
    const folder = join(this.lab.dir, `image-${this.#name}`);
    mkdirSync(folder, { recursive: true });
    const disk = randomBytes(megabytes * 1024 * 1024);
    const ovf = readFileSync(join(this.lab.dir, 'image', 'coreimage.ovf'), 'utf8');
    writeFileSync(join(folder, 'coreimage-disk1.vmdk'), disk);
    writeFileSync(join(folder, 'coreimage.ovf'), ovf.replace(/ovf:size="\d+"/, `ovf:size="${disk.length}"`));
    writeFileSync(join(folder, 'coreimage.mf'), `SHA256(coreimage-disk1.vmdk)= ${sumOf(disk)}\n`);
    return sumOf(disk);
  }

  get ovf(): string {
    return join(this.lab.dir, `image-${this.#name}`, 'coreimage.ovf');
  }
}

/** Moves the image of a sender's configuration to a folder of its own. */
export function ownImage(lab: Lab, name: string): (text: string) => string {
  return (text) => text.replace(/ovf: .*/, `ovf: ${join(lab.dir, `image-${name}`, 'coreimage.ovf')}`);
}

export function sumOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The switch passes so much to the node in a second; null: all again. */
export async function slowDown(lab: Lab, node: string, kilobits: number | null): Promise<void> {
  const { moid } = await lab.vm(node);
  const port = `rg${moid}`;
  const what =
    kilobits === null
      ? ['del', 'dev', port, 'root']
      : ['replace', 'dev', port, 'root', 'tbf', 'rate', `${kilobits}kbit`, 'burst', '16kb', 'latency', '2s'];
  execFileSync('ip', ['netns', 'exec', 'rg-lab', 'tc', 'qdisc', ...what]);
}

/** What a shell in the guest prints. */
export async function said(lab: Lab, node: string, script: string): Promise<string> {
  return (await lab.exec(node, ['sh', '-c', script])).stdout.trim();
}

/** The checksum of a file in the guest; empty when there is none. */
export async function sumOn(lab: Lab, node: string, path: string): Promise<string> {
  return (await said(lab, node, `sha256sum ${path} 2>/dev/null`)).slice(0, 64);
}
