import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { liveProcesses } from '../ansible/process.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';
import { findRun, runFile } from './recorded-run.ts';
import { inert } from './terminal-text.ts';

interface LogsOptions {
  readonly follow?: boolean;
}

const pollMs = 200;

/** `regrow logs RUN [-f]`: what Ansible printed. */
export function register(program: Command, context: CliContext): void {
  program
    .command('logs')
    .description("a run's Ansible output")
    .argument('<run>', 'id of a run, the beginning of one, or `last`')
    .option('-f, --follow', 'go on until the run is done')
    .action(
      context.run(async (wanted: string, { follow = false }: LogsOptions, command: Command) => {
        if (follow && context.format !== 'table') command.error('error: --follow has no json or yaml form');
        const { config } = await context.config();
        const journal = await context.journal();
        const { id } = findRun(journal, wanted);
        const isDone = (): boolean => (journal.runs.get(id)?.state ?? 'done') === 'done';
        const chunks = outputOf({
          path: runFile(config.state_dir, id, 'output.log'),
          run: id,
          isDone,
          isFollowed: follow,
        });
        if (context.format === 'table') return printAll(chunks, context);
        let output = '';
        for await (const chunk of chunks) output += chunk ?? '';
        await context.answer({ run: id, output }, () => output);
        return exitCodes.done;
      }),
    );
}

async function printAll(chunks: AsyncIterable<string | null>, context: CliContext): Promise<number> {
  let isEmpty = true;
  for await (const chunk of chunks) {
    if (chunk === null)
      context.say('The run has no process any more and no outcome yet: its controller died. The next one settles it.');
    else context.stdout.write(context.isTTY.stdout ? harmless(chunk) : chunk);
    isEmpty &&= chunk === null;
  }
  if (isEmpty) context.say('The run has no output: it ended before Ansible began, or its files were removed by age.');
  return exitCodes.done;
}

/** What a terminal may get of other machines' output: lines and tabs, no escapes. */
function harmless(chunk: string): string {
  return chunk.replace(/[^\n\t]+/g, inert);
}

export interface OutputOptions {
  readonly path: string;
  readonly run: string;
  readonly isDone: () => boolean;
  readonly isFollowed: boolean;
  /** How long a run whose processes are all gone may be without an outcome, in milliseconds; 10 s unless told. */
  readonly orphanMs?: number;
}

/** The output so far, or until the run is done. Gives null when it ends because nobody is left who would write or end it. */
export async function* outputOf({
  path,
  run,
  isDone,
  isFollowed,
  orphanMs = 10_000,
}: OutputOptions): AsyncGenerator<string | null> {
  const decoder = new TextDecoder();
  const buffer = Buffer.allocUnsafe(64 * 1024);
  let file: FileHandle | undefined;
  let position = 0;
  let quietSince: number | undefined;
  try {
    for (;;) {
      // Asked before the read: whatever was written before the run was done is still read.
      const isLast = !isFollowed || isDone();
      file ??= await openIfThere(path);
      const { bytesRead } = (await file?.read(buffer, 0, buffer.length, position)) ?? { bytesRead: 0 };
      position += bytesRead;
      if (bytesRead > 0) {
        quietSince = undefined;
        yield decoder.decode(buffer.subarray(0, bytesRead), { stream: true });
        continue;
      }
      if (isLast) break;
      quietSince = (await liveProcesses(run)).length > 0 ? undefined : (quietSince ?? performance.now());
      if (quietSince !== undefined && performance.now() - quietSince > orphanMs) {
        yield null;
        break;
      }
      await delay(pollMs);
    }
    const rest = decoder.decode();
    if (rest !== '') yield rest;
  } finally {
    await file?.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
