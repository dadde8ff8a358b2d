import type { VmIdentity } from '../pool/outcome.ts';
import type { Run, RunPhase } from '../store/runs.ts';
import type { RebuildResult } from './conclude-rebuild.ts';
import type { ControllerParts } from './controller-parts.ts';
import { endPhases } from './rebuild-facts.ts';

/** What a run is about to do, as the journal keeps it. */
export interface RunIntent {
  readonly kind: Run['kind'];
  readonly nodes: readonly string[];
  readonly trigger: string;
  readonly reason: string | null;
  readonly force: readonly string[];
  readonly dryRun: boolean;
  readonly judged?: VmIdentity | undefined;
  /** Who ordered or approved it; undefined when nobody had to. */
  readonly by?: string | undefined;
  /** A person is asked first. */
  readonly state?: 'awaiting_approval';
}

/** Writes the intent of a run, before anything is done. */
export function insertRun(parts: ControllerParts, request: RunIntent, run: string): void {
  const { kind, nodes, trigger, reason, force } = request;
  const node = nodes.length === 1 ? (nodes[0] ?? null) : null;
  const startedAt = parts.now().toISOString();
  parts.journal.atomically(() => {
    parts.journal.runs.insert({
      id: run,
      node,
      kind,
      trigger,
      builder: parts.builder,
      reason,
      force: force.length > 0,
      started_at: startedAt,
      ...(request.state === undefined ? {} : { state: request.state }),
    });
    parts.journal.events.append({
      at: startedAt,
      run,
      node,
      type: `${kind}.requested`,
      data: {
        nodes,
        trigger,
        by: request.by ?? null,
        reason,
        force,
        dry_run: request.dryRun,
        judged: request.judged ?? null,
      },
    });
  });
}

/** Writes that a run which waited for a person is about to begin. */
export function beginApprovedRun({ journal, now }: ControllerParts, run: string, node: string, by: string): void {
  journal.atomically(() => {
    journal.runs.transition(run, 'intent');
    journal.events.append({ at: now().toISOString(), run, node, type: 'rebuild.approved', data: { by } });
  });
}

/** Writes a run that ended before anything was begun: what was asked, and why nothing came of it. */
export function recordUnbegun(parts: ControllerParts, intent: RunIntent, run: string, result: RebuildResult): void {
  parts.journal.atomically(() => {
    insertRun(parts, intent, run);
    finishRun(parts, run, intent.kind, [result], []);
  });
}

/** Writes what became of a run. The first outcome stands. */
export function finishRun(
  parts: ControllerParts,
  run: string,
  kind: Run['kind'],
  results: readonly RebuildResult[],
  phases: readonly RunPhase[],
): void {
  const endedAt = parts.now().toISOString();
  // Of several nodes, the run is told by the one that went worst.
  const result =
    results.find(({ outcome }) => outcome === 'failed') ??
    results.find(({ outcome }) => outcome !== 'rebuilt') ??
    results[0];
  if (result === undefined) return;
  const isOk = result.outcome !== 'failed' && result.outcome !== 'cancelled' && result.outcome !== 'interrupted';
  parts.journal.atomically(() => {
    const isFirst = parts.journal.runs.finish(run, {
      outcome: result.outcome,
      gate: result.gate,
      class: result.class,
      ...(result.step === null ? {} : { step: result.step }),
      message: result.message,
      remedy: result.remedy,
      ended_at: endedAt,
      phases: endPhases(phases, endedAt, isOk ? 'ok' : 'failed'),
    });
    if (!isFirst) return;
    for (const each of results) {
      parts.journal.events.append({
        at: endedAt,
        run,
        node: each.node,
        type: `${kind}.${each.outcome}`,
        data: { ...each },
      });
    }
  });
}

/** Keeps journal and run folders within what the configuration allows. */
export function pruneRuns({ config, journal, now }: ControllerParts): void {
  const { keep_runs: keepRuns, keep_days: keepDays } = config.remediation;
  journal.retention.prune({ keepRuns, keepDays, nowIso: now().toISOString() });
}
