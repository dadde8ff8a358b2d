import type { Style } from './output.ts';
import { displayWidth, fit, inert, wrap } from './terminal-text.ts';
import type { TaskEntry, TaskOutcome, Timeline } from '../ansible/timeline.ts';
import { clockTime, duration } from './when.ts';

/** Consecutive tasks of one step. */
export interface Phase {
  readonly step: string;
  readonly tasks: readonly TaskEntry[];
}

/** How a stream wants its lines. */
export interface LineLook {
  /** Columns; a line never takes more. */
  readonly width: number;
  readonly style: Style;
  /** Whether marks and spinner may be other than ASCII. */
  readonly isUnicode: boolean;
}

/** The phases of a run, in order. A step that comes again later is a phase of its own. */
export function phasesOf(tasks: readonly TaskEntry[]): readonly Phase[] {
  const phases: { step: string; tasks: TaskEntry[] }[] = [];
  for (const task of tasks) {
    const last = phases.at(-1);
    if (last?.step === task.step) last.tasks.push(task);
    else phases.push({ step: task.step, tasks: [task] });
  }
  return phases;
}

/** A task that ended, as one line of a log: `12:00:03 fence: Power off exactly the judged VM ... ok (1.2 s)`. */
export function plainLine(task: TaskEntry): string {
  const endedMs = task.endedMs ?? task.startedMs;
  const took = duration(endedMs - task.startedMs);
  const what = `${clockTime(endedMs)} ${task.step}: ${task.name} ... ${outcomeWords(task)}${failedWhere(task)} (${took})`;
  return inert(task.message === null ? what : `${what}: ${firstLine(task.message)}`);
}

/** A task that goes on for long, as one line of a log. */
export function stillRunningLine(task: TaskEntry, nowMs: number): string {
  return inert(
    `${clockTime(nowMs)} ${task.step}: ${task.name} ... still running (${duration(nowMs - task.startedMs)})`,
  );
}

/** What a terminal shows: the lines of each phase that is over, which stay as they are, and below them those that are redrawn. */
export interface TerminalLines {
  readonly settled: readonly (readonly string[])[];
  readonly live: readonly string[];
}

/** One line a phase; beside the one that runs, its task. `frame` counts up and turns the spinner. */
export function terminalLines(timeline: Timeline, nowMs: number, frame: number, look: LineLook): TerminalLines {
  if (timeline.isComplete) return { settled: lastLines(timeline, look), live: [] };
  const phases = phasesOf(timeline.tasks);
  const last = phases.at(-1);
  return {
    settled: phases.slice(0, -1).map((phase) => endedLines(phase, look)),
    live: last === undefined ? [] : runningLines(last, nowMs, frame, look),
  };
}

/** The lines of every phase when the run is over. What was running when it ended is shown as cut off. */
export function lastLines(timeline: Timeline, look: LineLook): readonly (readonly string[])[] {
  return phasesOf(timeline.tasks).map((phase) => endedLines(phase, look));
}

const stepColumns = 14;

function endedLines(phase: Phase, look: LineLook): readonly string[] {
  const startedMs = phase.tasks[0]?.startedMs ?? 0;
  const endedMs = Math.max(...phase.tasks.map((task) => task.endedMs ?? task.answeredMs ?? task.startedMs));
  const failed = phase.tasks.filter((task) => task.outcome === 'failed' || task.outcome === 'unreachable');
  const isCutOff = phase.tasks.some((task) => task.endedMs === null);
  const mark = failed.length > 0 ? 'failed' : isCutOff ? 'cutOff' : 'ok';
  const head = headLine(markOf(mark, look), phase.step, duration(endedMs - startedMs), '', look);
  return [head, ...failed.flatMap((task) => failureLines(task, look))];
}

function runningLines(phase: Phase, nowMs: number, frame: number, look: LineLook): readonly string[] {
  const startedMs = phase.tasks[0]?.startedMs ?? nowMs;
  const task = phase.tasks.at(-1);
  const note = task === undefined ? '' : `${task.name}${countsOf(task)}`;
  return [headLine(spinner(frame, look), phase.step, duration(nowMs - startedMs), note, look)];
}

/** `mark step          took  note`: the note gives way when the line is too narrow. */
function headLine(mark: string, step: string, took: string, note: string, look: LineLook): string {
  const { style, width } = look;
  const stepCell = pad(
    fit(inert(step), Math.max(1, Math.min(width - 3, stepColumns * 2)), look.isUnicode),
    stepColumns,
  );
  const tookCell = took.padStart(9);
  const room = width - 2 - displayWidth(stepCell) - 1 - tookCell.length - 2;
  const shownNote = room < 4 ? '' : fit(inert(note), room, look.isUnicode);
  const isTookShown = width - 2 - displayWidth(stepCell) - 1 >= tookCell.length;
  const parts = [
    `${mark} ${style.bold(stepCell)}`,
    isTookShown ? ` ${tookCell}` : '',
    shownNote && `  ${style.dim(shownNote)}`,
  ];
  return parts.join('').trimEnd();
}

function failureLines(task: TaskEntry, look: LineLook): readonly string[] {
  const lines = [
    `${task.name}: ${outcomeWords(task)}${failedWhere(task)}`,
    ...wrap(task.message ?? '', look.width - 4).slice(0, 6),
  ];
  return lines.map((line, index) => {
    const shown = `    ${fit(inert(line), look.width - 4, look.isUnicode)}`;
    return index === 0 ? look.style.red(shown) : shown;
  });
}

/** Where it failed, unless it is this machine itself. */
function failedWhere(task: TaskEntry): string {
  const hosts = task.failedHosts.filter((host) => host !== 'localhost');
  return hosts.length === 0 ? '' : ` on ${hosts.join(', ')}`;
}

function outcomeWords(task: TaskEntry): string {
  const words: Readonly<Record<TaskOutcome, string>> = {
    ok: 'ok',
    changed: 'ok',
    skipped: 'skipped',
    ignored: 'failed, ignored',
    rescued: 'failed, handled',
    failed: 'FAILED',
    unreachable: 'UNREACHABLE',
  };
  if (task.outcome !== null) return words[task.outcome];
  return task.endedMs === null ? 'cut off' : 'no answer seen';
}

function countsOf(task: TaskEntry): string {
  if (task.retries > 0) return ` (try ${task.retries + 1})`;
  return task.items > 0 ? ` (${task.items} done)` : '';
}

const frames = { unicode: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'], ascii: ['|', '/', '-', '\\'] } as const;

function spinner(frame: number, { isUnicode, style }: LineLook): string {
  const turns = isUnicode ? frames.unicode : frames.ascii;
  return style.yellow(turns[frame % turns.length] ?? '-');
}

function markOf(result: 'ok' | 'failed' | 'cutOff', { isUnicode, style }: LineLook): string {
  switch (result) {
    case 'ok':
      return style.green(isUnicode ? '✔' : '+');
    case 'failed':
      return style.red(isUnicode ? '✖' : 'x');
    case 'cutOff':
      return style.yellow(isUnicode ? '■' : '?');
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}
