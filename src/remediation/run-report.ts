import { join } from 'node:path';
import { readEvents } from '../ansible/event-file.ts';
import { emptyTimeline, withEvent, type TaskEntry, type Timeline } from '../ansible/timeline.ts';
import {
  reportedPhases,
  type PhaseReport,
  type ReportedPhase,
  type RunCourse,
  type RunDetail,
  type RunReport,
  type TaskReport,
} from '../pool/run-report.ts';
import type { Journal } from '../store/journal.ts';
import type { Run } from '../store/runs.ts';
import { decisionOf } from './decision.ts';

/** A run as it is told in a list. */
export function runReport(run: Run): RunReport {
  return {
    id: run.id,
    node: run.node,
    kind: run.kind,
    state: run.state,
    outcome: run.outcome,
    class: run.class,
    gate: run.gate,
    step: run.step,
    vm: vmOf(run.new_moid, run.new_uuid),
    by: run.trigger,
    reason: run.reason,
    started_at: run.started_at,
    ended_at: run.ended_at,
  };
}

/** A run, and how far it came. */
export function runCourse(journal: Journal, run: Run): RunCourse {
  return { ...runReport(run), phases: phaseReports(journal, run, decisionOf(journal, run)?.at ?? null) };
}

/** A run with its phases, tasks and decision, from the journal and from the run's own files; undefined for an id that the journal does not have. */
export async function runDetail(journal: Journal, stateDir: string, id: string): Promise<RunDetail | undefined> {
  const run = journal.runs.get(id);
  if (run === undefined) return undefined;
  let timeline = emptyTimeline;
  for await (const event of readEvents(join(stateDir, 'runs', run.id, 'events.jsonl')))
    timeline = withEvent(timeline, event);
  return runDetailOf(journal, run, timeline);
}

/** The same of a run whose files were read. */
export function runDetailOf(journal: Journal, run: Run, timeline: Timeline): RunDetail {
  const decision = decisionOf(journal, run);
  return {
    ...runReport(run),
    builder: run.builder,
    forced: run.force,
    incident: run.incident,
    generation: run.generation,
    message: run.message,
    remedy: run.remedy,
    address: run.address,
    old_vm: vmOf(run.old_moid, run.old_uuid),
    phases: phaseReports(journal, run, decision?.at ?? null),
    tasks: timeline.tasks.map(taskReport),
    decision: decision === null ? null : { at: decision.at, gates: decision.gates },
  };
}

function taskReport(task: TaskEntry): TaskReport {
  return {
    step: task.step,
    name: task.name,
    started_at: new Date(task.startedMs).toISOString(),
    ended_at: task.endedMs === null ? null : new Date(task.endedMs).toISOString(),
    outcome: task.outcome,
    failed_hosts: task.failedHosts,
    retries: task.retries,
    message: task.message,
  };
}

/** Phases that are events of the run. */
const phaseEvents = {
  fenced: 'rebuild.fenced',
  deployed: 'rebuild.created',
  booted: 'rebuild.addressed',
  certified: 'rebuild.certified',
} as const;

/** A run has tens of events; one that has more is not read to its end. */
const mostEvents = 5000;
/** A fault that was opened longer before is not what the run is about. */
const oldestFaultMs = 24 * 3_600_000;

function phaseReports(journal: Journal, run: Run, decidedAt: string | null): readonly PhaseReport[] {
  const events = journal.events.list({ run: run.id, limit: mostEvents });
  const at = (name: ReportedPhase): string | null => {
    switch (name) {
      case 'detected':
        return run.trigger === 'monitor' ? faultOpenedAt(journal, run) : null;
      case 'decided':
        return decidedAt ?? run.started_at;
      case 'loaded':
        return run.phases.find(({ step, result }) => step === 'load' && result === 'ok')?.ended_at ?? null;
      case 'fenced':
      case 'deployed':
      case 'booted':
      case 'certified':
        return events.find(({ type, node }) => type === phaseEvents[name] && node === run.node)?.at ?? null;
    }
  };
  return reportedPhases.map((name) => ({ name, at: at(name) }));
}

/** When the newest fault was opened that had not ended when the run began. */
function faultOpenedAt(journal: Journal, { node, started_at }: Run): string | null {
  const since = new Date(Date.parse(started_at) - oldestFaultMs).toISOString();
  const told = node === null ? [] : journal.events.lately(['fault.opened', 'fault.closed'], since, node);
  const last = told.findLast(({ at }) => at <= started_at);
  return last?.type === 'fault.opened' ? last.at : null;
}

function vmOf(moid: string | null, uuid: string | null): RunReport['vm'] {
  return moid === null || uuid === null ? null : { moid, instance_uuid: uuid };
}
