import type { RunEvent } from '../ansible/event.ts';
import type { Style } from './output.ts';
import { clockTime, duration } from './when.ts';

/** When a task began, in epoch milliseconds; undefined where no event tells. Asked for one heading after the other. */
export type StartOf = (heading: string) => Promise<number | undefined>;

const headingLine = /^(TASK|RUNNING HANDLER|PLAY|PLAY RECAP)(?: \[(.*)\])? \*+$/;
/** Shorter tasks are not worth a line. */
const worthTellingMs = 1_000;

/** Ansible's output as a terminal shows it: each heading with the time at which its task began, and below the task how long it took. */
export async function* timedOutput(
  chunks: AsyncIterable<string>,
  { startOf, style, now }: { readonly startOf: StartOf; readonly style: Style; readonly now: () => number },
): AsyncGenerator<string> {
  let rest = '';
  let blank = '';
  let begunMs: number | undefined;
  const shown = async (line: string): Promise<string> => {
    // Held back: how long a task took stands above the blank that follows it.
    if (line === '') {
      blank += '\n';
      return '';
    }
    const before = blank;
    blank = '';
    const [heading, kind = '', name] = headingLine.exec(line) ?? [];
    if (heading === undefined) return `${before}${line}\n`;
    const title = style.bold(name === undefined ? kind : `${kind} [${name}]`);
    const isTask = !kind.startsWith('PLAY');
    const atMs = isTask && name !== undefined ? ((await startOf(name)) ?? now()) : undefined;
    const tookMs = begunMs === undefined ? 0 : (atMs ?? now()) - begunMs;
    begunMs = atMs;
    const took =
      atMs === undefined || tookMs < worthTellingMs ? '' : `${style.dim(`         took ${duration(tookMs)}`)}\n`;
    return `${took}${before}${atMs === undefined ? '' : `${style.dim(clockTime(atMs))} `}${title}\n`;
  };
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    let text = '';
    for (const line of lines) text += await shown(line);
    if (text !== '') yield text;
  }
  const last = blank + rest;
  if (last !== '') yield last;
}

/** The starts that a run's events tell. They are read again when a heading is newer than what was read. */
export function startsOf(read: () => AsyncIterable<RunEvent>): StartOf {
  let known: readonly { readonly name: string; readonly atMs: number }[] = [];
  let next = 0;
  const find = (heading: string): number => known.findIndex(({ name }, index) => index >= next && name === heading);
  return async (heading) => {
    let index = find(heading);
    if (index === -1) {
      const fresh: { name: string; atMs: number }[] = [];
      for await (const event of read())
        if (event.e === 'task_start') fresh.push({ name: event.task.name, atMs: event.t * 1000 });
      known = fresh;
      index = find(heading);
    }
    if (index === -1) return undefined;
    next = index + 1;
    return known[index]?.atMs;
  };
}
