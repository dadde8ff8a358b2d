import type { EventTask, HostStats, ResultEvent, RunEvent, TaskResult } from './event.ts';
import { toRecord } from './event.ts';

/** A task that failed on a host, or whose host could not be reached, with what it said. */
export interface FailedTask {
  readonly host: string;
  readonly task: EventTask;
  readonly isUnreachable: boolean;
  /** What a person should read. For a loop, of its first failed item. */
  readonly message: string;
  readonly moduleStderr: string | null;
  readonly exception: string | null;
  /** The exit status of a command, where the module had one. */
  readonly rc: number | null;
  /** The `regrow` object that modules of ours return. */
  readonly regrow: unknown;
  /** The result was too long to keep whole. */
  readonly isTruncated: boolean;
}

/** A task that a host began and has not finished. */
export interface RunningTask {
  readonly host: string;
  readonly task: EventTask;
}

/** What is known of a run from its events so far. */
export interface RunRecord {
  /** Ansible's own end: the counters per host. Only a run that came to its end has them. */
  readonly stats: Readonly<Record<string, HostStats>> | undefined;
  /** What it left by set_stats: Ansible's own sum at the end, or what was said until it was ended. */
  readonly custom: Readonly<Record<string, unknown>>;
  /** Failures in their order, without those that the playbook ignores. Rescued ones are among them. */
  readonly failures: readonly FailedTask[];
  readonly running: readonly RunningTask[];
  /** The task that was started last. */
  readonly lastTask: EventTask | undefined;
  readonly hasStarted: boolean;
  readonly isNoHostMatched: boolean;
}

/** Takes in a run's events, one by one. */
export class RunRecorder {
  #stats: Readonly<Record<string, HostStats>> | undefined;
  #custom: Readonly<Record<string, unknown>> = {};
  readonly #failures: FailedTask[] = [];
  readonly #tasks = new Map<string, EventTask>();
  readonly #running = new Map<string, RunningTask>();
  /** The first failed item of each loop still going on. */
  readonly #failedItems = new Map<string, TaskResult>();
  #lastTask: EventTask | undefined;
  #hasStarted = false;
  #isNoHostMatched = false;

  add(event: RunEvent): void {
    this.#hasStarted = true;
    switch (event.e) {
      case 'play_start':
        this.#tasks.clear();
        return;
      case 'task_start':
        this.#lastTask = event.task;
        this.#tasks.set(event.task.id, event.task);
        return;
      case 'host_start': {
        const task = this.#tasks.get(event.task);
        if (task !== undefined) this.#running.set(keyOf(event.host, event.task), { host: event.host, task });
        return;
      }
      case 'ok':
        this.#hear(event);
        this.#finishTask(event);
        return;
      case 'skipped':
      case 'failed':
      case 'unreachable':
        this.#finishTask(event);
        return;
      case 'item_failed': {
        const key = keyOf(event.host, event.task.id);
        if (!this.#failedItems.has(key)) this.#failedItems.set(key, event.res);
        return;
      }
      case 'no_hosts_matched':
        this.#isNoHostMatched = true;
        return;
      case 'stats':
        this.#stats = event.stats;
        this.#custom = event.custom;
        return;
      case 'start':
      case 'playbook_start':
      case 'item_ok':
      case 'item_skipped':
      case 'retry':
      case 'no_hosts_remaining':
      case 'notify':
      case 'include':
        return;
    }
  }

  get record(): RunRecord {
    return {
      stats: this.#stats,
      custom: this.#custom,
      failures: this.#failures,
      running: [...this.#running.values()],
      lastTask: this.#lastTask,
      hasStarted: this.#hasStarted,
      isNoHostMatched: this.#isNoHostMatched,
    };
  }

  /** What a play says of its hosts stands, although a later play is ended from outside. */
  #hear({ res }: ResultEvent): void {
    const said = toRecord(toRecord(res.ansible_stats)?.data)?.regrow;
    if (said !== undefined) this.#custom = { regrow: { ...toRecord(this.#custom.regrow), ...toRecord(said) } };
  }

  #finishTask(event: ResultEvent): void {
    const key = keyOf(event.host, event.task.id);
    this.#lastTask ??= event.task;
    this.#running.delete(key);
    const failedItem = this.#failedItems.get(key);
    this.#failedItems.delete(key);
    if ((event.e === 'failed' || event.e === 'unreachable') && !event.ignored) {
      this.#failures.push(describeFailure(event, failedItem));
    }
  }
}

/** The record of a whole run from its events. */
export async function recordRun(events: AsyncIterable<RunEvent> | Iterable<RunEvent>): Promise<RunRecord> {
  const recorder = new RunRecorder();
  for await (const event of events) recorder.add(event);
  return recorder.record;
}

function keyOf(host: string, taskId: string): string {
  return `${taskId} ${host}`;
}

function describeFailure(event: ResultEvent, failedItem: TaskResult | undefined): FailedTask {
  const result = failedItem ?? failedItemOf(event.res) ?? event.res;
  return {
    host: event.host,
    task: event.task,
    isUnreachable: event.e === 'unreachable',
    message: messageOf(result),
    moduleStderr: textOf(result.module_stderr),
    // Core 2.19 and later put a placeholder where they collect no traceback.
    exception: result.exception === '(traceback unavailable)' ? null : textOf(result.exception),
    rc: typeof result.rc === 'number' ? result.rc : null,
    regrow: result.regrow ?? null,
    isTruncated: event.res.truncated === true || result.truncated === true,
  };
}

function failedItemOf(result: TaskResult): TaskResult | undefined {
  if (!Array.isArray(result.results)) return undefined;
  const items: unknown[] = result.results;
  return items.map(toRecord).find((item) => item?.failed === true || item?.unreachable === true);
}

/** One readable text from a result: its message, and what the command or the broken module wrote to stderr. */
function messageOf(result: TaskResult): string {
  if (typeof result.censored === 'string') return 'The result is hidden (no_log).';
  // Core 2.19 and later prefix what core 2.14 says plainly.
  const message = (textOf(result.msg) ?? textOf(result.reason) ?? '').replace(/^Task failed: (?:Module failed: )?/, '');
  const stderr = (textOf(result.stderr) ?? textOf(result.module_stderr) ?? '').trim();
  const lastLines = stderr.split('\n').slice(-3).join('\n');
  const parts = [message.trim(), lastLines].filter((part) => part !== '');
  return parts.length === 0 ? 'The task failed without a message.' : parts.join(': ');
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
