import { rm } from 'node:fs/promises';
import { classifyFailure } from '../ansible/classify.ts';
import { toRecord } from '../ansible/event.ts';
import type { RunEnd } from '../ansible/run-end.ts';
import { newRunId } from '../ansible/run-id.ts';
import { startRun } from '../ansible/start-run.ts';
import type { FailureClass } from '../pool/outcome.ts';
import type { ControllerParts } from './controller-parts.ts';
import { baseSpec } from './playbook-run.ts';

/** A playbook about one node, outside the rebuild's slot: a check, or an action of one. */
export interface NodePlaybook {
  /** One of regrow's by name, or an absolute path. */
  readonly playbook: string;
  readonly node: string;
  /** Where the node was last known to be. */
  readonly address: string | undefined;
  readonly extraVars: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  /** The run that this one is measured in. */
  readonly outerRun?: string | undefined;
}

/** Runs it to its end. The folder of one that passed is removed: checks come every few seconds. */
export async function runNodePlaybook(parts: ControllerParts, order: NodePlaybook): Promise<RunEnd> {
  const run = newRunId(parts.now().getTime());
  const base = await baseSpec(parts, run, order.playbook);
  const handle = await startRun({
    ...base,
    expectedHosts: [],
    deadlineMs: order.timeoutMs,
    graceMs: 0,
    ...(order.outerRun === undefined ? {} : { outerRun: order.outerRun }),
    extraVars: { ...order.extraVars, regrow_run: run, node: order.node, node_address: order.address ?? null },
  });
  const end = await handle.result;
  if (end.kind === 'ok') await rm(base.runDir, { recursive: true, force: true });
  return end;
}

/**
 * What a check's playbook says of the node: what failed there is a failure; what failed here is not known, and so is what the playbook
 * says that it cannot tell (set_stats: `regrow: {unknown: WHY}`). `outerRun`: the run that measures it, with which it ends.
 */
export async function playbookProbe(
  parts: ControllerParts,
  check: {
    readonly playbook: string;
    readonly extra_vars: Readonly<Record<string, unknown>>;
    readonly timeout: number;
  },
  target: { readonly name: string; readonly address: string | undefined },
  outerRun?: string,
): Promise<{ readonly status: 'ok' | 'failed' | 'unknown'; readonly latencyMs: number; readonly detail: string }> {
  const began = performance.now();
  const end = await runNodePlaybook(parts, {
    playbook: check.playbook,
    node: target.name,
    address: target.address,
    extraVars: check.extra_vars,
    timeoutMs: check.timeout,
    outerRun,
  });
  const latencyMs = Math.round(performance.now() - began);
  const unknown = toRecord(end.custom)?.['unknown'];
  if (typeof unknown === 'string') return { status: 'unknown', latencyMs, detail: unknown };
  return { status: statusOf(end), latencyMs, detail: end.message };
}

/** Failures of what stands between this controller and the node. */
const ownFailures: readonly FailureClass[] = ['vcenter_unreachable', 'auth_failed', 'ansible_missing'];

function statusOf(end: RunEnd): 'ok' | 'failed' | 'unknown' {
  switch (end.kind) {
    case 'ok':
      return 'ok';
    case 'failed':
      // Without counters Ansible itself broke down.
      return Object.keys(end.stats).length === 0 || ownFailures.includes(classifyFailure(end)) ? 'unknown' : 'failed';
    case 'unreachable':
    case 'timed_out':
      return 'failed';
    case 'nothing_ran':
    case 'not_attempted':
    case 'cancelled':
    case 'interrupted':
    case 'missing':
    case 'unknown':
      return 'unknown';
  }
}
