import { join } from 'node:path';
import { readEvents } from '../ansible/event-file.ts';
import type { RunEvent } from '../ansible/event.ts';
import { RegrowError } from '../errors.ts';
import type { Journal } from '../store/journal.ts';
import type { Run, RunKind, RunPhase } from '../store/runs.ts';
import { phasesOf } from './progress-lines.ts';
import { emptyTimeline, withEvent, type TaskEntry, type Timeline } from '../ansible/timeline.ts';

/** Kinds that do something to a node. The others only read or copy, and would bury these in a list. */
export const actingKinds: readonly RunKind[] = ['rebuild', 'restore', 'bootstrap', 'settle'];

/** Files of a run. */
export function runFile(stateDir: string, id: string, file: 'events.jsonl' | 'output.log'): string {
  return join(stateDir, 'runs', id, file);
}

/** The one run that is meant: an id, the beginning of one, or `last`. Throws RUN_UNKNOWN. */
export function findRun(journal: Journal, wanted: string): Run {
  if (wanted === 'last') {
    const last = journal.runs.list({ kinds: actingKinds, limit: 1 })[0] ?? journal.runs.list({ limit: 1 })[0];
    if (last !== undefined) return last;
    throw new RegrowError('RUN_UNKNOWN', 'There has been no run yet.', { remedy: 'Begin with regrow bootstrap.' });
  }
  const found = /^[0-9a-z]+$/.test(wanted) ? journal.runs.startingWith(wanted) : [];
  const exact = found.find((run) => run.id === wanted);
  if (exact !== undefined) return exact;
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) return only;
  if (only === undefined) {
    throw new RegrowError('RUN_UNKNOWN', `No run begins with ${JSON.stringify(wanted)}.`, {
      facts: { run: wanted },
      remedy:
        'regrow history lists the runs; old ones are removed by count and age (remediation.keep_runs, keep_days).',
    });
  }
  throw new RegrowError('RUN_UNKNOWN', `Several runs begin with ${wanted}: ${found.map((run) => run.id).join(', ')}.`, {
    facts: { run: wanted, matches: found.map((run) => run.id) },
    remedy: 'Give more of the id.',
  });
}

/** What a run's event file tells. */
export interface RunRecord {
  readonly timeline: Timeline;
  /** The task events told that the old VM carries its quarantine name. */
  readonly isSetAside: boolean;
}

/** Reads a run's events. A run without a file, or with a torn one, gives what there is. */
export async function readRunRecord(stateDir: string, run: Run): Promise<RunRecord> {
  let timeline = emptyTimeline;
  let isSetAside = false;
  for await (const event of readEvents(runFile(stateDir, run.id, 'events.jsonl'))) {
    timeline = withEvent(timeline, event);
    isSetAside ||=
      run.node !== null && run.old_moid !== null && tellsName(event, quarantineName(run.node, run.old_moid));
  }
  return { timeline, isSetAside };
}

/** The name under which a VM that was judged failed stands until its replacement is certified. */
export function quarantineName(node: string, moid: string): string {
  return `${node}.q.${moid}`;
}

function tellsName(event: RunEvent, name: string): boolean {
  if (event.e !== 'ok') return false;
  const said = event.res['regrow'];
  if (typeof said !== 'object' || said === null || !('vm' in said)) return false;
  const { vm } = said;
  return typeof vm === 'object' && vm !== null && 'name' in vm && vm.name === name;
}

/** The phases as the journal has them; for a run that recorded none, as its events tell. */
export function phasesOfRun(run: Run, timeline: Timeline): readonly RunPhase[] {
  if (run.phases.length > 0) return run.phases;
  return phasesOf(timeline.tasks).map(({ step, tasks }) => ({
    step,
    started_at: new Date(tasks[0]?.startedMs ?? 0).toISOString(),
    ended_at: tasks.every((task) => task.endedMs !== null)
      ? new Date(Math.max(...tasks.map((task) => task.endedMs ?? 0))).toISOString()
      : null,
    result: phaseResult(tasks),
  }));
}

function phaseResult(tasks: readonly TaskEntry[]): RunPhase['result'] {
  if (tasks.some((task) => task.outcome === 'failed' || task.outcome === 'unreachable')) return 'failed';
  if (tasks.some((task) => task.outcome === null)) return null;
  return tasks.every((task) => task.outcome === 'skipped') ? 'skipped' : 'ok';
}
