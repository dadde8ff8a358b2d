import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';

const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const script = join(checkout, 'scripts/lab');

const operationSchema = z.object({
  time: z.string(),
  user: z.string(),
  from: z.string(),
  vm: z.string(),
  moid: z.string(),
  instance_uuid: z.string(),
  operation: z.string(),
  result: z.string(),
  detail: z.record(z.string(), z.unknown()).optional(),
});

const vmSchema = z.object({
  name: z.string(),
  moid: z.string(),
  instance_uuid: z.string(),
  folder: z.string(),
  power: z.string(),
  host: z.string(),
  connection: z.string(),
  tools: z.string(),
  heartbeat: z.string(),
  address: z.string(),
  mac: z.string(),
  annotation: z.string(),
  lease: z.boolean(),
  pid: z.number(),
  guest: z.enum(['none', 'off', 'running', 'dead']),
});

const stateSchema = z.object({
  listen: z.string(),
  faults: z.record(z.string(), z.string()),
  vms: z.array(vmSchema),
  folders: z.array(z.string()),
});

/** One line of vCenter's own record: what changed, who asked for it, what came of it. */
export type Operation = z.infer<typeof operationSchema>;
/** A VM as vCenter and the hypervisor have it. */
export type VmState = z.infer<typeof vmSchema>;
/** The lab as a whole. */
export type LabState = z.infer<typeof stateSchema>;

/** What a command printed and how it ended. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start a lab. */
export interface UpOptions {
  readonly nodes?: number;
  /** Deploy and certify the nodes; without it vCenter is empty. */
  readonly bootstrap?: boolean;
  readonly leaseSeconds?: number;
  /** Each node runs its daemon. Off unless wanted: a test that orders rebuilds itself has nobody beside it. */
  readonly daemons?: boolean;
  /** Changes the lab's regrow.yml before the nodes are deployed, so that they all have it. */
  readonly edit?: (regrowYml: string) => string;
}

/** What a node's service script does. */
export type DaemonVerb = 'start' | 'stop' | 'restart' | 'reload' | 'status' | 'log';

const daemonPort = 8460;

const eventSchema = z.object({
  id: z.number(),
  at: z.string(),
  run: z.string().nullable(),
  node: z.string().nullable(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()),
});
const eventsSchema = z.object({ events: z.array(eventSchema) });

/** One event of a daemon's journal. */
export type DaemonEvent = z.infer<typeof eventSchema>;

async function run(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const { exitCode, stdout, stderr } = await execa(file, args, { reject: false, env, stdin: 'ignore' });
  return { exitCode: exitCode ?? -1, stdout, stderr };
}

async function must(args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(script, args);
  if (exitCode !== 0) throw new Error(`scripts/lab ${args.join(' ')}: exit code ${exitCode}\n${stderr}`);
  return stdout;
}

/** The running lab, for tests. One a machine. */
export class Lab {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** Starts a lab; what a crashed one has left is cleaned up first. */
  static async up(options: UpOptions = {}): Promise<Lab> {
    const { nodes = 3, bootstrap = true, leaseSeconds = 20, daemons = false, edit } = options;
    const isBare = !bootstrap || edit !== undefined;
    const flags = [...(isBare ? ['--no-bootstrap'] : []), ...(daemons ? [] : ['--no-daemons'])];
    await must(['up', '--nodes', String(nodes), '--lease', String(leaseSeconds), ...flags]);
    const lab = new Lab(process.env['REGROW_LAB_DIR'] ?? '/var/tmp/regrow-lab');
    if (edit !== undefined) await lab.#edit(edit);
    if (bootstrap && isBare) await lab.#bootstrap();
    return lab;
  }

  async #edit(edit: (regrowYml: string) => string): Promise<void> {
    const file = join(this.dir, 'regrow.yml');
    const text = await readFile(file, 'utf8');
    const edited = edit(text);
    if (edited === text) throw new Error('the edit changes nothing in regrow.yml');
    await writeFile(file, edited);
  }

  async #bootstrap(): Promise<void> {
    const { exitCode, stdout, stderr } = await this.regrow(['bootstrap']);
    if (exitCode !== 0) throw new Error(`bootstrap: exit code ${exitCode}\n${stdout}\n${stderr}`);
  }

  /** Ends everything; safe to call twice. */
  async down(): Promise<void> {
    await must(['down']);
  }

  /** Kernel panic: the guest is gone, the VM stays powered on. */
  async kill(node: string): Promise<void> {
    await must(['kill', node]);
  }

  /** All processes of the guest stand still. */
  async hang(node: string): Promise<void> {
    await must(['hang', node]);
  }

  /** The guest reaches nobody any more, or vCenter alone. */
  async partition(node: string, options: { readonly keepVcenter?: boolean } = {}): Promise<void> {
    await must(['partition', node, ...(options.keepVcenter === true ? ['--keep-vcenter'] : [])]);
  }

  /** Ends hang and partition. */
  async heal(node: string): Promise<void> {
    await must(['heal', node]);
  }

  /** Switches a fault of vCenter on, or all off with `ok`. */
  async vcenter(fault: string, argument = ''): Promise<void> {
    await must(['vcenter', fault, argument]);
  }

  /** Runs a command inside the guest, past the network. */
  async exec(node: string, argv: readonly string[]): Promise<CommandResult> {
    return run(script, ['exec', node, ...argv]);
  }

  /** Runs a command on the guest by ssh, as the admin host. */
  async ssh(node: string, command: string): Promise<CommandResult> {
    return run(script, ['ssh', node, '-o', 'ConnectTimeout=1', command]);
  }

  /** Runs the product on the admin host, with the lab's configuration unless another is named. */
  async regrow(
    args: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>>; readonly config?: string } = {},
  ): Promise<CommandResult> {
    const config = options.config ?? join(this.dir, 'regrow.yml');
    return run(process.execPath, [join(checkout, 'dist/main.js'), ...args], { REGROW_CONFIG: config, ...options.env });
  }

  /** Starts, stops or reloads the daemon inside the guest, or asks for its state or its log; what that printed. */
  async daemon(node: string, verb: DaemonVerb): Promise<string> {
    const { exitCode, stdout, stderr } = await run(script, ['daemon', node, verb]);
    const isAnswer = exitCode === 0 || (verb === 'status' && exitCode === 3);
    if (!isAnswer) throw new Error(`scripts/lab daemon ${node} ${verb}: exit code ${exitCode}\n${stderr}`);
    return stdout;
  }

  /** GET from the node's daemon, at the address that the node has now: the JSON of its answer. Anything but 2xx is an error. */
  async http(node: string, path: string, options: { readonly withToken?: boolean } = {}): Promise<unknown> {
    const { address } = await this.vm(node);
    const authorization = options.withToken === true ? { authorization: `Bearer ${this.token()}` } : undefined;
    const response = await fetch(`http://${address}:${daemonPort}${path}`, {
      headers: { accept: 'application/json', ...authorization },
      signal: AbortSignal.timeout(5_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`GET ${path} from ${node} (${address}): ${response.status}\n${text}`);
    return JSON.parse(text);
  }

  /** What the node's daemon journalled after the event of that id, up to a thousand. */
  async events(node: string, after = 0): Promise<readonly DaemonEvent[]> {
    return eventsSchema.parse(await this.http(node, `/v1/events?after=${after}&limit=1000`)).events;
  }

  /** VMs, guests, faults and folders as they are now. */
  async state(): Promise<LabState> {
    return stateSchema.parse(JSON.parse(await must(['status', '--json'])));
  }

  /** The VM of that name; it is an error when there is none, or more than one. */
  async vm(name: string): Promise<VmState> {
    const { vms } = await this.state();
    const [found, ...others] = vms.filter((vm) => vm.name === name);
    if (!found || others.length > 0)
      throw new Error(`${vms.length} VMs in vCenter, ${found ? others.length + 1 : 0} named ${name}`);
    return found;
  }

  /** vCenter's record of everything that changed since the lab came up. */
  operations(): Operation[] {
    const text = readFileSync(join(this.dir, 'operations.jsonl'), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => operationSchema.parse(JSON.parse(line)));
  }

  /** The password of the lab's vCenter login. */
  password(): string {
    return readFileSync(join(this.dir, 'vcenter-password'), 'utf8').trim();
  }

  /** The token of the pool's HTTP interface. */
  token(): string {
    return readFileSync(join(this.dir, 'token'), 'utf8').trim();
  }

  /** Waits until the VM is as wanted, and returns it. */
  async until(name: string, wanted: (vm: VmState) => boolean, timeoutMs = 20_000): Promise<VmState> {
    return eventually(`${name} as wanted`, timeoutMs, async () => {
      const vm = (await this.state()).vms.find((v) => v.name === name);
      return vm !== undefined && wanted(vm) ? vm : undefined;
    });
  }
}

/** Polls until `look` returns a value. */
export async function eventually<T>(what: string, timeoutMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(50);
  }
}
