import type { RunEvent } from '../ansible/event.ts';
import type { Style, Writer } from './output.ts';
import { lastLines, plainLine, stillRunningLine, terminalLines } from './progress-lines.ts';
import type { LineLook } from './progress-lines.ts';
import { sizeOf, type TerminalSize } from './terminal.ts';
import { rowsOf } from './terminal-text.ts';
import { emptyTimeline, justEnded, withEvent, type Timeline } from '../ansible/timeline.ts';

/** Shows a run while it goes on. */
export interface Progress {
  event(event: RunEvent): void;
  /** Instead of single events: the run as far as it is known now. */
  show(timeline: Timeline): void;
  /** A line of its own, in its place among the others. */
  note(line: string): void;
  /** The run is over: the last lines are written, and nothing moves any more. Call it also when following was broken off. */
  end(): void;
}

export interface ProgressOptions {
  readonly stream: Writer & TerminalSize;
  readonly style: Style;
  /** Redraw in place. Only for a terminal. */
  readonly isAnimated: boolean;
  readonly isUnicode: boolean;
  /** Wall clock, in epoch milliseconds. */
  readonly now: () => number;
}

const redrawMs = 125;
const reminderMs = 30_000;

/** The progress of a run on a stream: redrawn on a terminal, plain lines elsewhere. */
export function createProgress(options: ProgressOptions): Progress {
  return options.isAnimated ? animatedProgress(options) : plainProgress(options);
}

function plainProgress({ stream, now }: ProgressOptions): Progress {
  let timeline = emptyTimeline;
  let reminder: NodeJS.Timeout | undefined;
  const write = (line: string): void => stream.write(`${line}\n`);
  const remind = (): void => {
    const task = timeline.tasks.at(-1);
    if (task !== undefined && task.endedMs === null) write(stillRunningLine(task, now()));
  };
  const show = (next: Timeline): void => {
    for (const task of justEnded(timeline, next)) if (task.outcome !== 'skipped') write(plainLine(task));
    const isNewTask = next.tasks.length !== timeline.tasks.length;
    timeline = next;
    if (!isNewTask) return;
    clearInterval(reminder);
    reminder = setInterval(remind, reminderMs).unref();
  };
  return {
    event: (event) => show(withEvent(timeline, event)),
    show,
    note: write,
    end: () => {
      clearInterval(reminder);
      for (const task of timeline.tasks) if (task.endedMs === null) write(plainLine(task));
      timeline = emptyTimeline;
    },
  };
}

function animatedProgress(options: ProgressOptions): Progress {
  const { stream, style, isUnicode, now } = options;
  let timeline: Timeline = emptyTimeline;
  let frame = 0;
  let settledPhases = 0;
  let live: readonly string[] = [];
  const columns = (): number => sizeOf(stream).columns ?? 80;
  const width = (): number => Math.max(20, columns() - 1);
  const look = (): LineLook => ({ width: width(), style, isUnicode });

  /** One write: up to the first live line, each line over the old one, the rest cleared. Nothing is blanked first, so nothing flickers. */
  const draw = (above: readonly string[], below: readonly string[]): void => {
    if (above.length === 0 && below.join('\n') === live.join('\n')) return;
    const up = live.reduce((rows, line) => rows + rowsOf(line, columns()), 0);
    const lines = [...above, ...below].map((line) => `${line}\u001b[K\n`).join('');
    stream.write(`\r${up > 0 ? `\u001b[${up}A` : ''}${lines}\u001b[J`);
    live = below;
  };
  const redraw = (): void => {
    const lines = terminalLines(timeline, now(), frame, look());
    const fresh = lines.settled.slice(settledPhases).flat();
    settledPhases = Math.max(settledPhases, lines.settled.length);
    draw(fresh, lines.live);
  };
  const timer = setInterval(() => {
    frame += 1;
    redraw();
  }, redrawMs).unref();
  const show = (next: Timeline): void => {
    timeline = next;
    redraw();
  };
  return {
    event: (event) => show(withEvent(timeline, event)),
    show,
    note: (line) => draw([line], live),
    end: () => {
      clearInterval(timer);
      draw(lastLines(timeline, look()).slice(settledPhases).flat(), []);
      settledPhases = Number.MAX_SAFE_INTEGER;
    },
  };
}
