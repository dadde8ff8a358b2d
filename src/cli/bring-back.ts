import type { JournalEvent } from '../store/events.ts';
import type { Journal } from '../store/journal.ts';
import type { Run } from '../store/runs.ts';
import { quarantineName, type RunRecord } from './recorded-run.ts';

/** The old VM of a run that ended between the fence and the certificate, and how to bring it back. */
export interface Quarantine {
  /** Its name in vCenter now. */
  readonly vm: string;
  readonly moid: string;
  readonly instance_uuid: string | null;
  /** Whether the run's events prove that it was set aside; otherwise the run ended in the middle of it. */
  readonly proven: boolean;
  /** A later run of the node that finished the work: the VM is gone then. */
  readonly replaced_by_run: string | null;
  /** What to do by hand, in this order. */
  readonly bring_back: readonly string[];
}

const unfinished = ['failed', 'cancelled', 'interrupted', 'lost_race'];

/** What stands in quarantine because of this run; null when it cannot have put anything there, or has finished its work. */
export function quarantineOf(
  run: Run,
  record: RunRecord,
  { journal, folder }: { readonly journal: Journal; readonly folder: string | null },
): Quarantine | null {
  const { node, old_moid: moid } = run;
  if (run.kind !== 'rebuild' || node === null || moid === null) return null;
  if (run.outcome === null || !unfinished.includes(run.outcome)) return null;
  const name = quarantineName(node, moid);
  const told = journal.events.list({ run: run.id, limit: 10_000 });
  if (told.some(isPastBringingBack) || hasPassed(run, record, 'certify')) return null;
  const isProven =
    record.isSetAside || told.some(({ type, data }) => type === 'rebuild.fenced' && data['name'] === name);
  if (!isProven && !hasBegun(run, record, 'fence')) return null;
  const later = journal.runs.list({ node, kinds: ['rebuild', 'settle'], limit: 1000 });
  const replacedBy = later.find((other) => other.id > run.id && other.outcome === 'rebuilt')?.id ?? null;
  return {
    vm: name,
    moid,
    instance_uuid: run.old_uuid,
    proven: isProven,
    replaced_by_run: replacedBy,
    bring_back: replacedBy === null ? bringBackSteps(run, node, moid, folder) : [],
  };
}

/** The old VM was gone before, or is gone since; or its replacement was committed, and regrow finishes that. */
function isPastBringingBack({ type, data }: JournalEvent): boolean {
  switch (type) {
    case 'rebuild.fenced':
      return data['gone'] === true;
    case 'rebuild.committed':
    case 'rebuild.certified':
      return true;
    case 'rebuild.destroyed':
      return data['step'] === 'fence' || data['step'] === 'retire';
    default:
      return false;
  }
}

/** PROTOCOL: an operator restoring a quarantined VM must first see every generation aborted and the old runs dead. */
function bringBackSteps(run: Run, node: string, moid: string, folder: string | null): readonly string[] {
  const incident = run.incident ?? '<incident>';
  const locks = `${folder ?? "the pool's folder"}/.regrow`;
  return [
    `On every controller: regrow pause ${node} --reason "bringing ${quarantineName(node, moid)} back".`,
    `In ${locks} see that each ${incident}.<g>.claim has its ${incident}.<g>.end, and that every one of these is empty (aborted). ` +
      'One that holds a folder commit.* means that a replacement was committed: stop here, regrow finishes it.',
    `See that the runs are dead which are named in ${incident}.<g>.tok.<run>: on their builders, ` +
      'grep -lz REGROW_RUN=<run> /proc/[0-9]*/environ finds nothing.',
    `See that no VM is named ${node}; a half-built one is removed by the next regrow rebuild, not by hand.`,
    `Rename ${quarantineName(node, moid)} (${moid}) to ${node}.`,
    'Set its network adapters to connected, now and at power on.',
    'Power it on; when it answers: regrow status, then regrow resume ' + node + '.',
  ];
}

function hasBegun(run: Run, { timeline }: RunRecord, step: string): boolean {
  const isIdle = (outcome: string | null): boolean => outcome === 'skipped';
  return (
    run.phases.some((phase) => phase.step === step && !isIdle(phase.result)) ||
    timeline.tasks.some((task) => task.step === step && !isIdle(task.outcome))
  );
}

function hasPassed(run: Run, { timeline }: RunRecord, step: string): boolean {
  const tasks = timeline.tasks.filter((task) => task.step === step);
  const isDone = tasks.some((task) => task.outcome === 'ok' || task.outcome === 'changed');
  const isBroken = tasks.some(
    (task) => task.outcome === 'failed' || task.outcome === 'unreachable' || task.outcome === null,
  );
  return run.phases.some((phase) => phase.step === step && phase.result === 'ok') || (isDone && !isBroken);
}
