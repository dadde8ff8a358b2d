import { toRecord } from '../ansible/event.ts';
import type { RunEnd } from '../ansible/run-end.ts';
import { liveProcesses } from '../ansible/process.ts';
import { reattach } from '../ansible/reattach.ts';
import { newRunId } from '../ansible/run-id.ts';
import { startRun } from '../ansible/start-run.ts';
import { secretValues } from '../config/secret-refs.ts';
import type { Run } from '../store/runs.ts';
import type { ControllerParts } from './controller-parts.ts';
import { baseSpec, runFolderOf } from './playbook-run.ts';
import { insertRun } from './run-journal.ts';

/** Files to be sent to these nodes. */
export interface SyncOrder {
  readonly nodes: readonly string[];
  /** Tell what would be sent, and send nothing. */
  readonly dryRun: boolean;
  readonly reason: string | null;
}

/** What came of it for one node. */
export interface SyncResult {
  readonly node: string;
  readonly outcome: 'synced' | 'failed' | 'unreachable' | 'not_attempted';
  /** Why not; null when it went well. */
  readonly message: string | null;
  /** What was sent. */
  readonly sent: readonly string[];
  /** How the node's image stands, in words. */
  readonly image: string | null;
}

/** Sends the shared files and the image by a run of its own, outside the rebuild's slot: it may take long. */
export async function syncNodes(
  parts: ControllerParts,
  order: SyncOrder,
): Promise<{ readonly run: string; readonly results: readonly SyncResult[] }> {
  const run = newRunId(parts.now().getTime());
  insertRun(parts, { kind: 'sync', trigger: 'operator', force: [], ...order }, run);
  const base = await baseSpec(parts, run, 'sync_files.yml');
  const handle = await startRun({
    ...base,
    expectedHosts: order.nodes,
    deadlineMs: parts.config.sync.deadline,
    check: order.dryRun,
    extraVars: { regrow_run: run, node: order.nodes.join(',') },
  });
  parts.journal.runs.transition(run, 'running');
  return { run, results: concludeSync(parts, run, order.nodes, await handle.result) };
}

/** Concludes a sync whose command has ended before it did. One that goes on is left to go on. */
export async function recoverSync(parts: ControllerParts, run: Run): Promise<void> {
  if ((await liveProcesses(run.id)).length > 0) return;
  const found = await reattach(runFolderOf(parts.config, run.id), await secretValues(parts.config, parts.env));
  const requested = parts.journal.events.list({ run: run.id, limit: 1 })[0]?.data['nodes'];
  const nodes = Array.isArray(requested) ? requested.filter((name) => typeof name === 'string') : [];
  concludeSync(parts, run.id, nodes, 'events' in found ? await found.result : found);
}

function concludeSync(
  { journal, now }: ControllerParts,
  run: string,
  nodes: readonly string[],
  end: RunEnd,
): readonly SyncResult[] {
  const results = nodes.map((node) => resultOf(node, end));
  const failed = results.filter(({ outcome }) => outcome !== 'synced');
  const at = now().toISOString();
  const message = failed.length === 0 ? end.message : failed.map((each) => `${each.node}: ${each.message}`).join('; ');
  journal.atomically(() => {
    if (!journal.runs.finish(run, { outcome: failed.length === 0 ? 'done' : 'failed', message, ended_at: at })) return;
    for (const result of results) {
      const type = result.outcome === 'synced' ? 'sync.done' : 'sync.failed';
      journal.events.append({ at, run, node: result.node, type, data: { ...result } });
    }
  });
  return results;
}

function resultOf(node: string, end: RunEnd): SyncResult {
  const stats = end.stats[node];
  const said = toRecord(toRecord(end.custom)?.[node]);
  const sent: readonly unknown[] = Array.isArray(said?.['sent']) ? said['sent'] : [];
  const image = said?.['image'];
  const failure = end.failures.find(({ host }) => host === node);
  const isPassed = stats !== undefined && stats.failures === 0 && stats.unreachable === 0;
  return {
    node,
    outcome: isPassed ? 'synced' : (stats?.unreachable ?? 0) > 0 ? 'unreachable' : stats ? 'failed' : 'not_attempted',
    message: isPassed ? null : (failure?.message ?? end.message),
    sent: sent.filter((path) => typeof path === 'string'),
    image: typeof image === 'string' ? image : null,
  };
}
