import type { RunEnd } from '../ansible/run-end.ts';
import { newRunId } from '../ansible/run-id.ts';
import { startRun } from '../ansible/start-run.ts';
import type { ControllerParts } from './controller-parts.ts';
import { baseSpec } from './playbook-run.ts';
import { protocolVars } from './protocol-vars.ts';
import { insertRun } from './run-journal.ts';
import { acquireSlot } from './slot.ts';

/** Ends what a dead run holds and removes what it left, by a short run of its own. Failing that, the next rebuild does. */
export async function settle(parts: ControllerParts, nodes: readonly string[]): Promise<RunEnd | undefined> {
  const run = newRunId(parts.now().getTime());
  const slot = await acquireSlot(parts.config.state_dir, { run, node: nodes.join(',') });
  if (slot.kind === 'busy') return undefined;
  try {
    insertRun(
      parts,
      { kind: 'settle', nodes, trigger: 'recovery', reason: 'settle a dead run', force: [], dryRun: false },
      run,
    );
    const base = await baseSpec(parts, run, 'settle_node.yml');
    const handle = await startRun({
      ...base,
      expectedHosts: nodes,
      deadlineMs: parts.config.remediation.upload_lease + parts.config.remediation.slowest_operation * 3,
      extraVars: { ...protocolVars(parts, nodes, run), node: nodes.join(',') },
    });
    const end = await handle.result;
    finishSettling(parts, run, end);
    return end;
  } finally {
    await slot.release();
  }
}

/** Writes what became of a settling. */
export function finishSettling(parts: ControllerParts, run: string, end: RunEnd): void {
  const outcome = end.kind === 'ok' ? 'done' : 'failed';
  parts.journal.runs.finish(run, { outcome, message: end.message, ended_at: parts.now().toISOString() });
}
