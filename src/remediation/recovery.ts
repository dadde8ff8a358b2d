import { readEvents } from '../ansible/event-file.ts';
import { reattach } from '../ansible/reattach.ts';
import type { RunEnd } from '../ansible/run-end.ts';
import { runFolder } from '../ansible/run-folder.ts';
import type { RunHandle } from '../ansible/run-spec.ts';
import { secretValues } from '../config/secret-refs.ts';
import type { Run } from '../store/runs.ts';
import { attendRun } from './attend.ts';
import { chosenNodes, type StartedRebuild } from './rebuild.ts';
import type { ControllerParts } from './controller-parts.ts';
import { runFolderOf } from './playbook-run.ts';
import { recoverSync } from './sync.ts';
import { acquireSlot, slotHolder } from './slot.ts';

/**
 * Takes up what controllers that died left in the journal. A run that lives on is returned, to be followed; one that is
 * over is concluded from its files, and what it left in vCenter is settled. Runs that a live controller attends are its own.
 */
export async function recoverRuns(parts: ControllerParts): Promise<StartedRebuild | undefined> {
  let alive: StartedRebuild | undefined;
  for (const run of parts.journal.runs.unfinished()) alive = (await recoverRun(parts, run)) ?? alive;
  return alive;
}

/** Takes up one run; see `recoverRuns`. */
export async function recoverRun(parts: ControllerParts, run: Run): Promise<StartedRebuild | undefined> {
  if (run.kind === 'sync') {
    await recoverSync(parts, run);
    return undefined;
  }
  const nodes = nodesOf(parts, run);
  const holder = await slotHolder(parts.config.state_dir);
  if (holder?.live === 'controller' && holder.holder?.run === run.id) return undefined;
  const slot = await acquireSlot(parts.config.state_dir, { run: run.id, node: nodes.join(',') });
  if (slot.kind === 'busy') return undefined;
  let follow = false;
  try {
    const folder = runFolderOf(parts.config, run.id);
    const found = await reattach(folder, await secretValues(parts.config, parts.env));
    const handle = 'events' in found ? found : endedRun(run.id, folder, found);
    const recordedUntil = parts.journal.events.list({ run: run.id, limit: 10_000 }).at(-1)?.at;
    const started: StartedRebuild = {
      kind: 'started',
      run: run.id,
      handle,
      attend: (onEvent) =>
        attendRun(parts, { run: run.id, nodes, kind: run.kind, handle, slot, onEvent, recordedUntil }),
    };
    // A settling is short, and nobody asked for it: it is seen to its end at once.
    if (handle === found && run.kind !== 'settle') {
      follow = true;
      return started;
    }
    await started.attend();
    return undefined;
  } finally {
    if (!follow) await slot.release();
  }
}

/** A run that is over, to be told to the journal from its files: its controller may have died long before it ended. */
function endedRun(id: string, folder: string, end: RunEnd): RunHandle {
  return {
    id,
    pid: null,
    events: () => readEvents(runFolder(folder).events),
    result: Promise.resolve(end),
    cancel: () => Promise.resolve(),
  };
}

/** The nodes of a run: of the whole pool when the journal names none. */
function nodesOf(parts: ControllerParts, run: Run): readonly string[] {
  if (run.node !== null) return [run.node];
  const requested = parts.journal.events.list({ run: run.id, limit: 1 })[0]?.data['nodes'];
  const names = Array.isArray(requested) ? requested.filter((name) => typeof name === 'string') : [];
  return chosenNodes(parts, names);
}
