import type { EventTask, ResultKind, RunEvent, TaskResult } from './event.ts';
import { parseObject, readStats, toRecord } from './event.ts';

/**
 * The fallback: output of the stdout callbacks `ansible.posix.jsonl` and `ansible.posix.json` as events of our own
 * format. They lack loop items, retries, a task's start on a host, and whether a failure is ignored; a failure's being
 * ignored or rescued shows in the stats alone.
 */

const resultEvents: Readonly<Record<string, ResultKind>> = {
  v2_runner_on_ok: 'ok',
  v2_runner_on_failed: 'failed',
  v2_runner_on_skipped: 'skipped',
  v2_runner_on_unreachable: 'unreachable',
};

/** The events of one line of `ansible.posix.jsonl`; none for noise. One line may tell of several hosts. */
export function parsePosixLine(line: string): readonly RunEvent[] {
  const value = parseObject(line);
  if (typeof value?._event !== 'string') return [];
  const t = toSeconds(value._timestamp) ?? 0;
  switch (value._event) {
    case 'v2_playbook_on_play_start':
      return [playStart(toRecord(value.play) ?? {}, t)];
    case 'v2_playbook_on_task_start':
    case 'v2_playbook_on_handler_task_start':
      return [taskStart(value, t, value._event === 'v2_playbook_on_handler_task_start')];
    case 'v2_playbook_on_no_hosts_matched':
      return [{ e: 'no_hosts_matched', n: 0, t }];
    case 'v2_playbook_on_stats':
      return [stats(value, t)];
    default: {
      const kind = resultEvents[value._event];
      return kind === undefined ? [] : results(value, t, () => kind);
    }
  }
}

/** The events of a whole `ansible.posix.json` document; undefined when the text holds none. Noise around it is passed over. */
export function parsePosixDocument(document: string): readonly RunEvent[] | undefined {
  const from = document.startsWith('{\n') ? 0 : document.indexOf('\n{\n') + 1;
  const to = document.lastIndexOf('\n}') + 2;
  const value = to > from ? parseObject(document.slice(from, to)) : undefined;
  if (!Array.isArray(value?.plays)) return undefined;
  const events: RunEvent[] = [];
  for (const play of value.plays.map(toRecord)) {
    events.push(playStart(toRecord(play?.play) ?? {}, 0));
    const tasks: unknown[] = Array.isArray(play?.tasks) ? play.tasks : [];
    for (const task of tasks.map(toRecord)) {
      if (task === undefined) continue;
      events.push(taskStart(task, 0, false), ...results(task, 0, kindOfResult));
    }
  }
  events.push(stats(value, 0));
  return events;
}

function kindOfResult(result: TaskResult): ResultKind {
  if (result.unreachable === true) return 'unreachable';
  if (result.failed === true) return 'failed';
  return result.skipped === true ? 'skipped' : 'ok';
}

function playStart(play: Record<string, unknown>, t: number): RunEvent {
  return { e: 'play_start', id: text(play.id), name: text(play.name), hosts: [], n: 0, t };
}

function taskStart(value: Record<string, unknown>, t: number, handler: boolean): RunEvent {
  return { e: 'task_start', task: readTask(value.task, undefined), handler, n: 0, t };
}

function results(
  value: Record<string, unknown>,
  t: number,
  kindOf: (result: TaskResult) => ResultKind,
): readonly RunEvent[] {
  return Object.entries(toRecord(value.hosts) ?? {}).map(([host, each]) => {
    const res = toRecord(each) ?? {};
    const task = readTask(value.task, res.action);
    const start = toSeconds(toRecord(toRecord(value.task)?.duration)?.start) ?? null;
    return { e: kindOf(res), host, task, start, res, ignored: false, n: 0, t };
  });
}

function stats(value: Record<string, unknown>, t: number): RunEvent {
  const custom = { ...toRecord(value.custom_stats), _run: value.global_custom_stats ?? {} };
  return { e: 'stats', stats: readStats(value.stats), custom, n: 0, t };
}

function readTask(value: unknown, action: unknown): EventTask {
  const task = toRecord(value) ?? {};
  return {
    id: text(task.id),
    name: text(task.name),
    action: text(action),
    path: text(task.path),
    role: null,
    step: null,
    failure: null,
    section: null,
  };
}

function toSeconds(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
