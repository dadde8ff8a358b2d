import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** Compiles the store into a folder, so that real processes of any supported Node can run it. Returns the URL of its journal module. */
export function compileStore(folder: string): string {
  const out = join(folder, 'compiled');
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(out, 'node_modules'));
  writeFileSync(
    join(out, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        noCheck: true,
        rootDir: join(root, 'src'),
        outDir: out,
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: [],
      files: [join(root, 'src/store/journal.ts')],
    }),
  );
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(out, 'tsconfig.json')], {
    stdio: 'inherit',
  });
  return `file://${join(out, 'store/journal.js')}`;
}

/** A process of its own that runs this module text; `argv` follows the text. Its output is collected in `lines`. */
export class Child {
  readonly process: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  private output = '';
  private errors = '';

  constructor(command: readonly [string, ...string[]]) {
    const [program, ...argv] = command;
    this.process = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    this.ended = new Promise((done, fail) => {
      this.process.once('error', fail);
      this.process.once('close', (code, signal) => done({ code, signal }));
    });
  }

  /** Complete lines so far. A line cut by a kill is left out. */
  lines(): readonly string[] {
    return this.output.split('\n').slice(0, -1);
  }

  stderr(): string {
    return this.errors;
  }

  /** Resolves when it has printed so many lines; rejects when it ended before. */
  async printed(count: number): Promise<void> {
    for (;;) {
      if (this.lines().length >= count) return;
      const next = await Promise.race([
        new Promise<'data'>((done) => this.process.stdout?.once('data', () => done('data'))),
        this.ended,
      ]);
      if (next !== 'data' && this.lines().length < count)
        throw new Error(`ended early: ${JSON.stringify(next)} ${this.errors}`);
    }
  }
}

/** The command that runs a module text in a Node process. */
export function nodeCommand(moduleText: string, ...argv: readonly string[]): [string, ...string[]] {
  return [process.execPath, '--input-type=module', '-e', moduleText, '--', ...argv];
}
