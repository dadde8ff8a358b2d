import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { readEvents } from '../ansible/event-file.ts';
import { liveProcesses } from '../ansible/process.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { Journal } from '../store/journal.ts';
import type { CliContext } from './context.ts';
import { findRun, runFile } from './recorded-run.ts';
import { outcomeText } from './show.ts';
import { inert } from './terminal-text.ts';
import { startsOf, timedOutput } from './timed-output.ts';
import { took } from './when.ts';

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
        const paths = {
          output: runFile(config.state_dir, id, 'output.log'),
          events: runFile(config.state_dir, id, 'events.jsonl'),
        };
        if (context.format !== 'table') {
          let output = '';
          for await (const chunk of outputOf({ path: paths.output, run: id, isDone, isFollowed: false }))
            output += chunk ?? '';
          await context.answer({ run: id, output }, () => output);
          return exitCodes.done;
        }
        if (!follow)
          return printAll(outputOf({ path: paths.output, run: id, isDone, isFollowed: false }), paths, context);
        return followed(context, journal, id, (signal) =>
          printAll(outputOf({ path: paths.output, run: id, isDone, isFollowed: true, signal }), paths, context),
        );
      }),
    );
}

/** Ctrl-C ends the following, not the run. In the end it is said what became of the run. */
async function followed(
  context: CliContext,
  journal: Journal,
  id: string,
  print: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  process.once('SIGINT', leave);
  try {
    const code = await print(leaving.signal);
    const run = journal.runs.get(id);
    if (run?.state === 'done') {
      context.say(
        `Run ${id}: ${outcomeText(run, context.errorStyle)}, took ${took(run.started_at, run.ended_at)}. More: regrow show ${id}`,
      );
    } else if (leaving.signal.aborted) context.say(`The run goes on. Follow it again with: regrow logs -f ${id}`);
    return code;
  } finally {
    process.removeListener('SIGINT', leave);
  }
}

async function printAll(
  chunks: AsyncIterable<string | null>,
  { events }: { readonly events: string },
  context: CliContext,
): Promise<number> {
  let isEmpty = true;
  let isOrphan = false;
  const texts = async function* (): AsyncGenerator<string> {
    for await (const chunk of chunks) {
      isOrphan = chunk === null;
      isEmpty &&= chunk === null;
      if (chunk !== null) yield context.isTTY.stdout ? harmless(chunk) : chunk;
    }
  };
  const { style } = context;
  const shown = context.isTTY.stdout
    ? timedOutput(texts(), { startOf: startsOf(() => readEvents(events)), style, now: () => Date.now() })
    : texts();
  for await (const text of shown) context.stdout.write(text);
  if (isOrphan)
    context.say('The run has no process any more and no outcome yet: its controller died. The next one settles it.');
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
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** The output so far, or until the run is done. Gives null when it ends because nobody is left who would write or end it. */
export async function* outputOf({
  path,
  run,
  isDone,
  isFollowed,
  orphanMs = 10_000,
  signal,
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
      if (isLast || signal?.aborted === true) break;
      quietSince = (await liveProcesses(run)).length > 0 ? undefined : (quietSince ?? performance.now());
      if (quietSince !== undefined && performance.now() - quietSince > orphanMs) {
        yield null;
        break;
      }
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
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
