import type { EventTask, RunEvent } from '../../../src/ansible/event.ts';

/** Events of a run that a test tells step by step; each call takes its time in seconds. */
export class Story {
  readonly events: RunEvent[] = [];
  #seconds: number;
  #tasks = 0;

  constructor(startSeconds = 1_767_261_600) {
    this.#seconds = startSeconds;
  }

  /** A task on one host, from its beginning to its result. */
  task(step: string | null, name: string, more: Partial<TaskStory> = {}): this {
    const { seconds = 1, e = 'ok', res = {}, host = 'localhost', section = null, ignored = false } = more;
    const task = this.begin(step, name, { host, section });
    this.#seconds += seconds;
    return this.push({ e, host, task, start: null, res, ignored });
  }

  /** A task that has begun on its hosts, and has no result yet. */
  begin(step: string | null, name: string, { host = 'localhost', section = null }: Partial<TaskStory> = {}): EventTask {
    this.#tasks += 1;
    const task = {
      id: `t${this.#tasks}`,
      name: `role : ${name}`,
      action: 'x',
      path: 'p',
      role: 'role',
      step,
      failure: null,
      section,
    };
    this.push({ e: 'task_start', task, handler: false });
    this.push({ e: 'host_start', host, task: task.id });
    return task;
  }

  stats(): this {
    return this.push({ e: 'stats', stats: {}, custom: {} });
  }

  wait(seconds: number): this {
    this.#seconds += seconds;
    return this;
  }

  /** Any event, at the present time of the story. */
  push(event: Happening): this {
    this.events.push({ ...event, n: this.events.length + 1, t: this.#seconds });
    return this;
  }
}

type WithoutPlace<T> = T extends unknown ? Omit<T, 'n' | 't'> : never;
type Happening = WithoutPlace<RunEvent>;

interface TaskStory {
  readonly seconds: number;
  readonly e: 'ok' | 'failed' | 'skipped' | 'unreachable';
  readonly res: Readonly<Record<string, unknown>>;
  readonly host: string;
  readonly section: EventTask['section'];
  readonly ignored: boolean;
}
