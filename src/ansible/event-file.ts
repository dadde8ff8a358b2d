import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseEvent } from './event.ts';
import type { RunEvent } from './event.ts';
import { LineSplitter } from './line-splitter.ts';
import { isErrno } from './process.ts';

const chunkBytes = 64 * 1024;

/** What a reader passed over. */
export interface ReadLosses {
  /** Lines that are no event: noise, torn lines, kinds that we do not know. */
  junkLines: number;
  /** Lines over the length limit. */
  overlongLines: number;
}

/** How a line of the file becomes events. */
export type LineParser = (line: string) => readonly RunEvent[];

/** The parser of our own callback's lines. */
const parseOwnLine: LineParser = (line) => {
  const event = parseEvent(line);
  return event === undefined ? [] : [event];
};

export interface ReadOptions {
  readonly parseLine?: LineParser;
  readonly maxLineBytes?: number;
  readonly losses?: ReadLosses;
}

/** The events of a file as it is now; a missing file has none. */
export function readEvents(file: string, options: ReadOptions = {}): AsyncGenerator<RunEvent, void, undefined> {
  return followEvents(file, { ...options, hasEnded: () => true });
}

/**
 * The events of a growing file, which need not exist yet. `hasEnded` tells that nobody writes any more: the iteration
 * ends at the end of file after that. It is asked before each read, so that nothing written before it is lost.
 */
export async function* followEvents(
  file: string,
  options: ReadOptions & { readonly hasEnded: () => boolean; readonly pollMs?: number },
): AsyncGenerator<RunEvent, void, undefined> {
  const parseLine = options.parseLine ?? parseOwnLine;
  const losses = options.losses ?? { junkLines: 0, overlongLines: 0 };
  const splitter = new LineSplitter(options.maxLineBytes);
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let handle: FileHandle | undefined;
  let position = 0;
  try {
    for (;;) {
      const isLastRound = options.hasEnded();
      handle ??= await openIfThere(file);
      const bytesRead = handle === undefined ? 0 : (await handle.read(buffer, 0, chunkBytes, position)).bytesRead;
      position += bytesRead;
      const lines = splitter.push(buffer.subarray(0, bytesRead));
      if (bytesRead === 0) {
        if (!isLastRound) {
          await delay(options.pollMs ?? 100);
          continue;
        }
        const torn = splitter.end();
        if (torn !== undefined) lines.push(torn);
      }
      for (const line of lines) {
        const events = parseLine(line);
        if (events.length === 0 && line.trim() !== '') losses.junkLines += 1;
        yield* events;
      }
      losses.overlongLines = splitter.skippedLines;
      if (bytesRead === 0) return;
    }
  } finally {
    await handle?.close();
  }
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
