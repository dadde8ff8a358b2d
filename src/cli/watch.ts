import type { Writer } from './output.ts';
import { sizeOf, type TerminalSize } from './terminal.ts';
import { rowsOf } from './terminal-text.ts';
import { clockTime } from './when.ts';

/** One look at something that changes. */
export interface Frame {
  /** What is shown; lines, each ended. */
  readonly text: string;
  /** The same without what changes by itself, such as ages: another mark means that something happened. */
  readonly mark: string;
}

export interface WatchOptions {
  readonly read: () => Promise<Frame>;
  readonly stream: Writer & TerminalSize;
  /** Redraw in place. Only for a terminal; elsewhere each change is written below the last one. */
  readonly isAnimated: boolean;
  /** Resolves when it is time to look again. */
  readonly wait: () => Promise<void>;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

/** Shows what is read until the signal comes. */
export async function watch(options: WatchOptions): Promise<void> {
  const { read, stream, isAnimated, wait, signal } = options;
  const show = isAnimated ? redrawn(stream) : appended(stream);
  if (isAnimated) stream.write(hideCursor);
  try {
    while (!signal.aborted) {
      const frame = await read();
      if (!signal.aborted) show(frame);
      await wait();
    }
  } finally {
    if (isAnimated) stream.write(showCursor);
  }
}

type Show = (frame: Frame) => void;

/** One write a change: up to the first line, each line over the old one, the rest cleared. Nothing is blanked first, so nothing flickers. */
function redrawn(stream: WatchOptions['stream']): Show {
  let shown: readonly string[] = [];
  let shownColumns = 0;
  return ({ text }) => {
    const { columns = 80, rows = 24 } = sizeOf(stream);
    const lines = fitRows(text.trimEnd().split('\n'), columns, rows);
    if (columns === shownColumns && lines.join('\n') === shown.join('\n')) return;
    const up = shown.reduce((sum, line) => sum + rowsOf(line, columns), 0);
    const drawn = lines.map((line) => `${line}\u001b[K\n`).join('');
    stream.write(`\r${up > 0 ? `\u001b[${up}A` : ''}${drawn}\u001b[J`);
    shown = lines;
    shownColumns = columns;
  };
}

/** As many lines as the terminal can show: what has scrolled away cannot be drawn over. */
function fitRows(lines: readonly string[], columns: number, rows: number): readonly string[] {
  let left = rows - 1;
  const fitting = lines.filter((line) => (left -= rowsOf(line, columns)) >= 0);
  if (fitting.length === lines.length) return lines;
  const cut = fitting.slice(0, -1);
  return [...cut, `(${lines.length - cut.length} more lines: the terminal is too low)`];
}

function appended(stream: Writer): Show {
  let last: string | undefined;
  return ({ text, mark }) => {
    if (mark === last) return;
    stream.write(`${last === undefined ? '' : '\n'}${clockTime(Date.now())}\n${text}`);
    last = mark;
  };
}
