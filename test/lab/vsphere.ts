import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const here = dirname(fileURLToPath(import.meta.url));
const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), fault: z.string(), msg: z.string() }),
]);

/** What vCenter answered: a value, or the name and the text of its fault. */
export type Answer = z.infer<typeof answerSchema>;

/** A plain vCenter client (pyVmomi), for tests of the lab: it does what a caller without any caution would do. */
export class Vsphere {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(labDir: string) {
    this.#child = spawn('/usr/bin/python3', [join(here, 'vsphere.py')], {
      env: {
        PATH: '/usr/bin:/bin',
        PYTHONPATH: resolve(here, '../../.cache/python'),
        LAB_VCENTER: '10.77.0.2',
        LAB_CA: join(labDir, 'ca.pem'),
      },
    });
    this.#child.stderr.pipe(process.stderr);
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Logs in; true when vCenter let us. */
  async login(password: string, user = 'svc-regrow@vsphere.local'): Promise<Answer> {
    return this.ask('login', { user, password });
  }

  /** Does one thing; a fault is an answer like any other. */
  async ask(action: string, args: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify({ do: action, ...args })}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the vSphere client ended during ${action}`);
    return answerSchema.parse(JSON.parse(value));
  }

  /** Does one thing that must succeed, and returns its value. */
  async value(action: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const answer = await this.ask(action, args);
    if (!answer.ok) throw new Error(`${action}: ${answer.fault}: ${answer.msg}`);
    return answer.value;
  }

  /** Does one thing that returns a moid or another string. */
  async text(action: string, args: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return z.string().parse(await this.value(action, args));
  }

  /** The fault that vCenter refuses with; `none` when it did not refuse. */
  async refusal(action: string, args: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const answer = await this.ask(action, args);
    return answer.ok ? 'none' : answer.fault;
  }

  /** Ends the client without a word to vCenter, as a killed process would. */
  close(): void {
    this.#reader.close();
    this.#child.kill('SIGKILL');
  }
}
