import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunEvent } from '../../../src/ansible/event.ts';
import { runCli } from '../../../src/cli/program.ts';
import type { TerminalSize } from '../../../src/cli/terminal.ts';
import { openJournal, type Journal } from '../../../src/store/journal.ts';
import type { NewRun } from '../../../src/store/runs.ts';

/** An address at which no controller is. */
export const nobody = '127.0.0.1:1';

/** A machine with a configuration of three nodes and a journal, on which command lines can be run. */
export class Machine {
  readonly stateDir: string;
  readonly journal: Journal;
  readonly configPath: string;

  /** `listen` is where its controller would be asked; nobody answers there unless a test starts one. */
  constructor({ listen = nobody }: { readonly listen?: string } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'regrow-read-'));
    this.stateDir = join(folder, 'state');
    this.journal = openJournal(this.stateDir);
    this.configPath = join(folder, 'regrow.yml');
    writeFileSync(
      this.configPath,
      `pool: {name: web, nodes: [webbox1, webbox2, webbox3]}
state_dir: ${this.stateDir}
vcenter: {hostname: vc.lab, username: u, password: {env: P}, datacenter: dc, folder: /dc/vm/web, cluster: c1, datastore: ds1, networks: {VM Network: N}}
image: {ovf: /image.ovf}
http: {listen: '${listen}'}
`,
      { mode: 0o600 },
    );
    onTestFinished(() => {
      this.journal.close();
      rmSync(folder, { recursive: true, force: true });
    });
  }

  /** Runs a command line. `onOutput` sees stdout as it grows. */
  async regrow(
    argv: readonly string[],
    { isTTY = false, env = {}, size = {}, onOutput = () => {} }: Surroundings = {},
  ): Promise<Answer> {
    let stdout = '';
    let stderr = '';
    const exitCode = await runCli(['--config', this.configPath, ...argv], {
      env: { TERM: 'xterm', ...env },
      isTTY: { stdin: false, stdout: isTTY, stderr: false },
      stdout: {
        ...size,
        write: (text) => {
          stdout += text;
          onOutput(stdout);
        },
      },
      stderr: { write: (text) => void (stderr += text) },
    });
    return { exitCode, stdout, stderr };
  }

  /** A run with its intent recorded. */
  begun(id: string, more: Partial<NewRun> = {}): string {
    const started_at = '2026-01-01T10:00:00.000Z';
    const run = { id, node: 'webbox1', kind: 'rebuild', trigger: 'operator', builder: 'webbox2', started_at } as const;
    this.journal.runs.insert({ ...run, reason: null, force: false, ...more });
    return id;
  }

  /** Appends to a file of a run. */
  append(id: string, file: 'events.jsonl' | 'output.log', text: string): void {
    mkdirSync(join(this.stateDir, 'runs', id), { recursive: true });
    appendFileSync(join(this.stateDir, 'runs', id, file), text);
  }

  /** Writes events as the callback does. */
  told(id: string, events: readonly RunEvent[]): void {
    this.append(id, 'events.jsonl', events.map((event) => `${JSON.stringify({ v: 1, ...event })}\n`).join(''));
  }
}

export interface Surroundings {
  readonly isTTY?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Of the terminal. */
  readonly size?: TerminalSize;
  readonly onOutput?: (stdout: string) => void;
}

export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}
