import type { EventTask, ResultEvent, RunEvent } from './event.ts';

/**
 * What became of a task over all its hosts; the worst of them. `rescued`: it failed, and its own step had an answer to that. A rescue
 * that belongs to another step, such as giving up, does not make the failure good.
 */
export type TaskOutcome = 'ok' | 'changed' | 'skipped' | 'ignored' | 'rescued' | 'failed' | 'unreachable';

/** One task as it went, times in epoch milliseconds. */
export interface TaskEntry {
  readonly id: string;
  readonly name: string;
  /** The step that its author declared, else the one of the task before it. */
  readonly step: string;
  readonly startedMs: number;
  /** When the last host so far answered. */
  readonly answeredMs: number | null;
  /** Set when the next task begins: only then is it sure that no further host is to come. */
  readonly endedMs: number | null;
  readonly outcome: TaskOutcome | null;
  /** Hosts that have not answered yet. */
  readonly waitingFor: readonly string[];
  readonly failedHosts: readonly string[];
  /** What the first failing host said. */
  readonly message: string | null;
  /** Attempts that were not the last one, and items of a loop, so far. */
  readonly retries: number;
  readonly items: number;
}

/** A run as its events tell it. */
export interface Timeline {
  readonly tasks: readonly TaskEntry[];
  /** The playbook came to its end, by itself. */
  readonly isComplete: boolean;
}

export const emptyTimeline: Timeline = { tasks: [], isComplete: false };

/** The step of tasks before any step was named. */
const firstStep = 'start';

/** The timeline after one more event. The argument is not changed. */
export function withEvent(timeline: Timeline, event: RunEvent): Timeline {
  const nowMs = event.t * 1000;
  switch (event.e) {
    case 'task_start':
      return {
        ...timeline,
        tasks: [...settled(timeline.tasks, nowMs, event.task), begun(timeline, event.task, nowMs)],
      };
    case 'host_start':
      return changed(timeline, event.task, (entry) => ({ ...entry, waitingFor: [...entry.waitingFor, event.host] }));
    case 'ok':
    case 'failed':
    case 'skipped':
    case 'unreachable':
      return changed(timeline, event.task.id, (entry) => withResult(entry, event, nowMs));
    case 'retry':
      return changed(timeline, event.task.id, (entry) => ({ ...entry, retries: entry.retries + 1 }));
    case 'item_ok':
    case 'item_failed':
    case 'item_skipped':
      return changed(timeline, event.task.id, (entry) => ({ ...entry, items: entry.items + 1 }));
    case 'stats':
      return { tasks: settled(timeline.tasks, nowMs), isComplete: true };
    case 'start':
    case 'playbook_start':
    case 'play_start':
    case 'no_hosts_matched':
    case 'no_hosts_remaining':
    case 'notify':
    case 'include':
      return timeline;
  }
}

/** The tasks that ended between two timelines, in order. */
export function justEnded(before: Timeline, after: Timeline): readonly TaskEntry[] {
  return after.tasks.filter(
    (entry, index) => entry.endedMs !== null && (before.tasks[index]?.endedMs ?? null) === null,
  );
}

function begun(timeline: Timeline, task: EventTask, nowMs: number): TaskEntry {
  const prefix = task.role === null ? '' : `${task.role} : `;
  return {
    id: task.id,
    name: task.name.startsWith(prefix) ? task.name.slice(prefix.length) : task.name,
    step: task.step ?? timeline.tasks.at(-1)?.step ?? firstStep,
    startedMs: nowMs,
    answeredMs: null,
    endedMs: null,
    outcome: null,
    waitingFor: [],
    failedHosts: [],
    message: null,
    retries: 0,
    items: 0,
  };
}

function withResult(entry: TaskEntry, event: ResultEvent, nowMs: number): TaskEntry {
  const outcome = outcomeOf(event);
  const hasFailed = outcome === 'failed' || outcome === 'unreachable';
  return {
    ...entry,
    waitingFor: entry.waitingFor.filter((host) => host !== event.host),
    answeredMs: nowMs,
    outcome: entry.outcome === null || rank(outcome) > rank(entry.outcome) ? outcome : entry.outcome,
    failedHosts: hasFailed ? [...entry.failedHosts, event.host] : entry.failedHosts,
    message: hasFailed || outcome === 'ignored' ? (entry.message ?? messageOf(event)) : entry.message,
  };
}

function outcomeOf(event: ResultEvent): TaskOutcome {
  if (event.e === 'skipped') return 'skipped';
  if (event.ignored) return 'ignored';
  if (event.e === 'unreachable' || event.e === 'failed') return event.e;
  if (includes.test(event.task.action)) return 'skipped';
  return event.res['changed'] === true ? 'changed' : 'ok';
}

/** Tasks that only bring other tasks, and Ansible's own look at a role's arguments. By themselves they are nothing to show, unless they fail. */
const includes = /(^|\.)((include|import)_(tasks|role|playbook)|validate_argument_spec)$/;

const worsening: readonly TaskOutcome[] = ['skipped', 'ok', 'changed', 'ignored', 'rescued', 'failed', 'unreachable'];

function rank(outcome: TaskOutcome): number {
  return worsening.indexOf(outcome);
}

function messageOf(event: ResultEvent): string | null {
  for (const field of ['msg', 'module_stderr', 'exception', 'reason']) {
    const text = event.res[field];
    if (typeof text === 'string' && text.trim() !== '') return text.trim();
  }
  return null;
}

/** Ends what is still open when the next task begins; a rescue in the same step tells that the failure before it is answered. */
function settled(tasks: readonly TaskEntry[], nowMs: number, next?: EventTask): readonly TaskEntry[] {
  const answered = tasks.findLast((entry) => entry.outcome === 'failed' || entry.outcome === 'unreachable');
  const isRescue = next?.section === 'rescue' && (next.step ?? answered?.step) === answered?.step;
  return tasks.map((entry) => ({
    ...entry,
    endedMs: entry.endedMs ?? entry.answeredMs ?? nowMs,
    outcome: isRescue && entry === answered ? 'rescued' : (entry.outcome ?? unansweredOutcome(entry)),
  }));
}

/** A task that no host was given is none; one that a host began and never answered is unknown. */
function unansweredOutcome(entry: TaskEntry): TaskOutcome | null {
  return entry.waitingFor.length === 0 ? 'skipped' : null;
}

function changed(timeline: Timeline, id: string, change: (entry: TaskEntry) => TaskEntry): Timeline {
  const index = timeline.tasks.findLastIndex((entry) => entry.id === id);
  if (index === -1) return timeline;
  return { ...timeline, tasks: timeline.tasks.map((entry, at) => (at === index ? change(entry) : entry)) };
}
