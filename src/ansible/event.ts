/** Event format v1: what a run tells, one JSON object a line. Written by ansible/plugins/callback/regrow_events.py. */

/** A task, as its author named it; `step` and `failure` are the plain-string variables regrow_step and regrow_failure. */
export interface EventTask {
  readonly id: string;
  readonly name: string;
  readonly action: string;
  readonly path: string;
  readonly role: string | null;
  readonly step: string | null;
  /** The failure class that the author declared for this task. */
  readonly failure: string | null;
  /** Set for tasks that only run in the aftermath of another one. */
  readonly section: 'rescue' | 'always' | null;
}

/** What a module returned, censored and capped at the source. `truncated` tells that it was longer. */
export type TaskResult = Readonly<Record<string, unknown>>;

/** Ansible's counters for one host. A host that is not in the stats was not attempted. */
export interface HostStats {
  readonly ok: number;
  readonly failures: number;
  readonly unreachable: number;
  readonly changed: number;
  readonly skipped: number;
  readonly rescued: number;
  readonly ignored: number;
}

const resultKinds = [
  'ok',
  'failed',
  'skipped',
  'unreachable',
  'item_ok',
  'item_failed',
  'item_skipped',
  'retry',
] as const;
export type ResultKind = (typeof resultKinds)[number];

/** A host's result of a task, of one item of a loop, or of one attempt of several. */
export interface ResultEvent {
  readonly e: ResultKind;
  readonly host: string;
  readonly task: EventTask;
  /** When the host began the task, in epoch seconds. */
  readonly start: number | null;
  readonly res: TaskResult;
  /** The play goes on regardless (ignore_errors, ignore_unreachable). */
  readonly ignored: boolean;
}

type Happening =
  | { readonly e: 'start'; readonly pid: number }
  | { readonly e: 'playbook_start'; readonly file: string }
  | { readonly e: 'play_start'; readonly id: string; readonly name: string; readonly hosts: readonly string[] }
  | { readonly e: 'task_start'; readonly task: EventTask; readonly handler: boolean }
  | { readonly e: 'host_start'; readonly host: string; readonly task: string }
  | ResultEvent
  | { readonly e: 'no_hosts_matched' }
  | { readonly e: 'no_hosts_remaining' }
  | { readonly e: 'notify'; readonly host: string; readonly handler: string }
  | { readonly e: 'include'; readonly file: string; readonly hosts: readonly string[] }
  | {
      readonly e: 'stats';
      readonly stats: Readonly<Record<string, HostStats>>;
      readonly custom: Readonly<Record<string, unknown>>;
    };

/** One event. `n` counts from 1 within the run; `t` is in epoch seconds. */
export type RunEvent = Happening & { readonly n: number; readonly t: number };

/** Reads one line. Undefined for whatever is no event that we know: noise, torn lines, kinds of a later version. */
export function parseEvent(line: string): RunEvent | undefined {
  const value = parseObject(line);
  if (value === undefined || value.v !== 1) return undefined;
  const happening = readHappening(value);
  if (happening === undefined) return undefined;
  return { ...happening, n: toNumber(value.n) ?? 0, t: toNumber(value.t) ?? 0 };
}

/** A JSON object from a line, its strings well-formed; undefined for anything else. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    // Modules' bytes that are no UTF-8 arrive as escaped lone surrogates, which nothing after us can encode.
    const value: unknown = /\\u[dD][89a-fA-F]/.test(line) ? JSON.parse(line, wellFormed) : JSON.parse(line);
    return toRecord(value);
  } catch {
    return undefined;
  }
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/\p{Surrogate}/gu, '\ufffd') : value;
}

function readHappening(value: Record<string, unknown>): Happening | undefined {
  switch (value.e) {
    case 'start': {
      const pid = toNumber(value.pid);
      return pid === undefined ? undefined : { e: 'start', pid };
    }
    case 'playbook_start':
      return { e: 'playbook_start', file: toText(value.file) };
    case 'play_start':
      return { e: 'play_start', id: toText(value.id), name: toText(value.name), hosts: toTexts(value.hosts) };
    case 'task_start': {
      const task = readTask(value.task);
      return task && { e: 'task_start', task, handler: value.handler === true };
    }
    case 'host_start':
      return { e: 'host_start', host: toText(value.host), task: toText(value.task) };
    case 'no_hosts_matched':
      return { e: 'no_hosts_matched' };
    case 'no_hosts_remaining':
      return { e: 'no_hosts_remaining' };
    case 'notify':
      return { e: 'notify', host: toText(value.host), handler: toText(value.handler) };
    case 'include':
      return { e: 'include', file: toText(value.file), hosts: toTexts(value.hosts) };
    case 'stats':
      return { e: 'stats', stats: readStats(value.stats), custom: toRecord(value.custom) ?? {} };
    default:
      return readResult(value);
  }
}

function readResult(value: Record<string, unknown>): ResultEvent | undefined {
  const kind = resultKinds.find((known) => known === value.e);
  const task = readTask(value.task);
  if (kind === undefined || task === undefined || typeof value.host !== 'string') return undefined;
  return {
    e: kind,
    host: value.host,
    task,
    start: toNumber(value.start) ?? null,
    res: toRecord(value.res) ?? {},
    ignored: value.ignored === true,
  };
}

function readTask(value: unknown): EventTask | undefined {
  const task = toRecord(value);
  if (task === undefined) return undefined;
  return {
    id: toText(task.id),
    name: toText(task.name),
    action: toText(task.action),
    path: toText(task.path),
    role: toTextOrNull(task.role),
    step: toTextOrNull(task.step),
    failure: toTextOrNull(task.failure),
    section: task.section === 'rescue' || task.section === 'always' ? task.section : null,
  };
}

/** Counters per host, from a stats event of ours or of ansible.posix. Missing counters are 0. */
export function readStats(value: unknown): Record<string, HostStats> {
  const hosts: Record<string, HostStats> = {};
  for (const [host, counters] of Object.entries(toRecord(value) ?? {})) {
    const count = toRecord(counters) ?? {};
    hosts[host] = {
      ok: toNumber(count.ok) ?? 0,
      failures: toNumber(count.failures) ?? 0,
      unreachable: toNumber(count.unreachable) ?? 0,
      changed: toNumber(count.changed) ?? 0,
      skipped: toNumber(count.skipped) ?? 0,
      rescued: toNumber(count.rescued) ?? 0,
      ignored: toNumber(count.ignored) ?? 0,
    };
  }
  return hosts;
}

/** The value when it is an object (no array), else undefined. */
export function toRecord(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Record<string, unknown>;
}

function toNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function toTextOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function toTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
