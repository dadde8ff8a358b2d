import { toRecord, type RunEvent } from '../ansible/event.ts';
import type { RunEnd } from '../ansible/run-end.ts';
import { runFolder, writeOutcome } from '../ansible/run-folder.ts';
import type { RunHandle } from '../ansible/run-spec.ts';
import type { Run, RunPhase } from '../store/runs.ts';
import { CancelWatch } from './cancel-watch.ts';
import { concludeRebuild, type RebuildResult } from './conclude-rebuild.ts';
import type { ControllerParts } from './controller-parts.ts';
import { runFolderOf } from './playbook-run.ts';
import { notePending } from './protocol-vars.ts';
import { hookFact, isFencing, phasesAfter, protocolFact, unregisteredFact } from './rebuild-facts.ts';
import { changeFact } from './restore-facts.ts';
import { finishRun, pruneRuns } from './run-journal.ts';
import { finishSettling, settle } from './settle.ts';
import type { Slot } from './slot.ts';

/** A run to follow, started by this process or by one that died. */
export interface AttendedRun {
  readonly run: string;
  readonly nodes: readonly string[];
  readonly kind: Run['kind'];
  readonly handle: RunHandle;
  readonly slot: Slot;
  readonly onEvent: ((event: RunEvent) => void) | undefined;
  /** ISO time up to which the journal has this run's events already, when it is taken up again. */
  readonly recordedUntil?: string | undefined;
}

/** What a run's events told of its nodes. */
interface Told {
  readonly phases: readonly RunPhase[];
  /** Nodes with a claim of this run. */
  readonly claimed: ReadonlySet<string>;
  /** Nodes whose old VM this run powered off. */
  readonly fenced: ReadonlySet<string>;
}

/** Follows a run to its end, keeping the journal on the way. A journal that cannot be written does not end the run. */
export async function attendRun(parts: ControllerParts, attended: AttendedRun): Promise<readonly RebuildResult[]> {
  const { handle, slot, onEvent, recordedUntil = '' } = attended;
  let phases: readonly RunPhase[] = [];
  const claimed = new Set<string>();
  const fenced = new Set<string>();
  let trouble: string | undefined;
  const cancelWatch = new CancelWatch(parts, handle);
  try {
    for await (const event of handle.events()) {
      const next = phasesAfter(phases, event);
      const fact =
        protocolFact(event) ??
        (attended.kind === 'restore' ? changeFact(event) : (hookFact(event) ?? unregisteredFact(event)));
      if (fact?.type === 'rebuild.claimed') claimed.add(fact.node);
      if (isFencing(event)) fenced.add(event.host);
      cancelWatch.saw(event, fact);
      const isNew = new Date(event.t * 1000).toISOString() > recordedUntil;
      if (isNew && (next !== phases || fact !== undefined))
        trouble ??= troubleWith(() => record(parts, attended, event, next, fact));
      phases = next;
      onEvent?.(event);
    }
    const end = await handle.result;
    return await concludeRun(parts, attended, end, { phases, claimed, fenced });
  } finally {
    cancelWatch.stop();
    await slot.release();
    troubleWith(() => pruneRuns(parts));
  }
}

function record(
  parts: ControllerParts,
  { run }: AttendedRun,
  event: RunEvent,
  phases: readonly RunPhase[],
  fact: ReturnType<typeof protocolFact>,
): void {
  parts.journal.atomically(() => {
    parts.journal.runs.transition(run, 'running', { ...fact?.change, phases, step: phases.at(-1)?.step ?? null });
    if (fact === undefined) return;
    const at = new Date(event.t * 1000).toISOString();
    parts.journal.events.append({ at, run, node: fact.node, type: fact.type, data: fact.data });
  });
}

/**
 * What a finished run means: journal, outcome.json, observations, and the settling of what it left. A node that was claimed and
 * said nothing of its end (its run was killed, its host became unreachable, vCenter went away) is settled, in the slot that this
 * run frees.
 */
async function concludeRun(
  parts: ControllerParts,
  { run, nodes, kind, slot }: AttendedRun,
  end: RunEnd,
  told: Told,
): Promise<readonly RebuildResult[]> {
  if (kind === 'settle') {
    finishSettling(parts, run, end);
    return [];
  }
  const results = nodes.map((node) => concludeRebuild(run, node, end, { isFenced: told.fenced.has(node) }));
  const trouble = troubleWith(() => {
    for (const { node, pending } of results) if (pending !== null) notePending(parts, node, pending);
    finishRun(parts, run, kind, results, told.phases);
  });
  if (trouble !== undefined)
    return results.map((result) => ({ ...result, message: `${result.message} (not in the journal: ${trouble})` }));
  await writeOutcome(runFolder(runFolderOf(parts.config, run)), { results }).catch(() => undefined);
  const left = [...told.claimed].filter((node) => toRecord(end.custom)?.[node] === undefined);
  if (left.length > 0) {
    await slot.release();
    await settle(parts, left).catch(() => undefined); // the next run settles it
  }
  return results;
}

/** What went wrong with the journal, such as a full disk; undefined when nothing did. */
function troubleWith(write: () => void): string | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
