import type { RunEvent } from '../ansible/event.ts';
import { newRunId } from '../ansible/run-id.ts';
import type { RunHandle, RunSpec } from '../ansible/run-spec.ts';
import { startRun } from '../ansible/start-run.ts';
import { modeIn, nodeNames, nodeSettings } from '../config/node-settings.ts';
import { restoreRestMs } from '../config/pool-policy.ts';
import { secretValues } from '../config/secret-refs.ts';
import { RegrowError } from '../errors.ts';
import { holdsAgainst } from '../pool/gates.ts';
import { attendRun } from './attend.ts';
import { blankResult, type RebuildResult } from './conclude-rebuild.ts';
import type { ControllerParts } from './controller-parts.ts';
import { baseSpec, loadingVars, propertySecrets } from './playbook-run.ts';
import { protocolVars } from './protocol-vars.ts';
import { beginApprovedRun, finishRun, insertRun, recordUnbegun, type RunIntent } from './run-journal.ts';
import { acquireSlot, type SlotBusy } from './slot.ts';

/** A run to be that acts on nodes: a rebuild or a restore of one, or a bootstrap of those that lack their VM. Without a judged VM it is about the one that has the name now. */
export interface RebuildRequest extends RunIntent {
  readonly kind: 'rebuild' | 'restore' | 'bootstrap';
  /** What a node is probed by before it is fenced; default: every check that can lead to a rebuild. */
  readonly checks?: readonly string[] | undefined;
  /** The run that waited for the approval; it is in the journal already. */
  readonly approved?: { readonly run: string; readonly by: string } | undefined;
}

/** A rebuild that is going on. */
export interface StartedRebuild {
  readonly kind: 'started';
  readonly run: string;
  readonly handle: RunHandle;
  /** Follows the run to its end, keeps the journal, settles what it left and frees the slot. One result a node. */
  attend(onEvent?: (event: RunEvent) => void): Promise<readonly RebuildResult[]>;
}

/** What came of asking for a rebuild. */
export type RebuildStart =
  | StartedRebuild
  | { readonly kind: 'refused'; readonly result: RebuildResult }
  | { readonly kind: 'busy'; readonly busy: SlotBusy };

/**
 * Starts a rebuild: this controller's gates, the machine's one slot, the intent in the journal, and only then the
 * playbook, which looks, claims and guards in vCenter itself.
 */
export async function startRebuild(parts: ControllerParts, request: RebuildRequest): Promise<RebuildStart> {
  for (const node of request.nodes) nodeSettings(parts.config, node);
  const { approved } = request;
  const run = approved?.run ?? newRunId(parts.now().getTime());
  const refusal = request.kind !== 'bootstrap' ? refusalBy(parts, request, run) : undefined;
  if (refusal !== undefined) return { kind: 'refused', result: refusal };

  const slot = await acquireSlot(parts.config.state_dir, { run, node: request.nodes.join(',') });
  if (slot.kind === 'busy') return { kind: 'busy', busy: slot };
  try {
    if (approved === undefined) insertRun(parts, request, run);
    else beginApprovedRun(parts, run, request.nodes.join(','), approved.by);
    const handle = await launch(parts, request, run);
    parts.journal.runs.transition(run, 'running');
    return {
      kind: 'started',
      run,
      handle,
      attend: (onEvent) => attendRun(parts, { run, nodes: request.nodes, kind: request.kind, handle, slot, onEvent }),
    };
  } catch (error) {
    endUnbegun(parts, request, run, error);
    await slot.release();
    throw error;
  }
}

/** No run is left open of which nothing was begun. The journal may be what is at fault: then the next start settles it. */
function endUnbegun(parts: ControllerParts, { kind, nodes }: RebuildRequest, run: string, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const failure = error instanceof RegrowError && error.code === 'ANSIBLE_MISSING' ? 'ansible_missing' : null;
  const results = nodes.map(
    (node) => ({ ...blankResult(run, node), outcome: 'failed', class: failure, message }) as const,
  );
  try {
    finishRun(parts, run, kind, results, []);
  } catch {
    // What is thrown next says more.
  }
}

/** Triggers that are no person, and approve of nothing. */
const programs: readonly string[] = ['monitor', 'monit'];

function refusalBy(parts: ControllerParts, request: RebuildRequest, run: string): RebuildResult | undefined {
  const [node = ''] = request.nodes;
  const [hold] = holdsAgainst({
    node,
    self: parts.self,
    isTakenOut: parts.isTakenOut,
    pauses: parts.journal.pauses.active(parts.now().toISOString()),
    mode: request.dryRun ? 'act' : modeIn(parts.config, node),
    byHand: !programs.includes(request.trigger) || request.approved !== undefined,
    force: request.force,
  });
  if (hold === undefined) return undefined;
  const result: RebuildResult = {
    ...blankResult(run, node),
    outcome: 'refused',
    gate: hold.gate,
    step: 'gates',
    message: hold.message,
    remedy: hold.forceable ? `To override it: --force ${hold.gate}` : null,
  };
  if (request.approved === undefined) recordUnbegun(parts, request, run, result);
  else finishRun(parts, run, request.kind, [result], []);
  return result;
}

async function launch(parts: ControllerParts, request: RebuildRequest, run: string): Promise<RunHandle> {
  const { config, env } = parts;
  const { passingFiles, ...loading } = await loadingVars(parts, run);
  const base = await baseSpec(parts, run, playbooks[request.kind]);
  const environment = { ...base.environment, ...loading.environment };
  const own = { ...base, passingFiles, environment, hidden: await secretValues(config, env) };
  if (request.kind === 'restore') return startRun({ ...own, ...restoreSpec(parts, request, loading.extraVars) });
  return startRun({
    ...own,
    environment: { ...environment, ...(await propertySecrets(parts, request.nodes)) },
    expectedHosts: request.nodes,
    deadlineMs: config.remediation.deadline,
    extraVars: {
      ...loading.extraVars,
      ...protocolVars(parts, request.nodes, run),
      node: request.nodes.join(','),
      regrow_force: request.force,
      regrow_dry_run: request.dryRun,
      ...(request.checks ? { regrow_deciding_checks: request.checks } : {}),
      // Nobody judged a VM: only what was left half done may be taken over.
      regrow_unjudged: programs.includes(request.trigger) && request.judged === undefined,
      ...(request.judged
        ? { regrow_judged: Object.fromEntries(request.nodes.map((node) => [node, vmOf(request)])) }
        : {}),
    },
  });
}

const playbooks = { rebuild: 'rebuild_node.yml', restore: 'restore_node.yml', bootstrap: 'bootstrap.yml' } as const;

/** What a restore is started with beside inventory and secrets. */
function restoreSpec(
  { config, journal }: ControllerParts,
  request: RebuildRequest,
  loading: object,
): Pick<RunSpec, 'expectedHosts' | 'deadlineMs' | 'check' | 'diff' | 'furtherPlaybooks' | 'extraVars'> {
  const [node = ''] = request.nodes;
  return {
    expectedHosts: request.nodes,
    deadlineMs: config.remediation.restore_deadline,
    check: request.dryRun,
    diff: true,
    furtherPlaybooks: config.hooks.restore,
    extraVars: {
      ...loading,
      node,
      node_address: journal.nodes.lastKnown(node)?.address ?? null,
      node_restore_rest: programs.includes(request.trigger) ? Math.ceil(restoreRestMs(config, node) / 1000) : 0,
    },
  };
}

function vmOf({ judged }: RebuildRequest): object {
  return { moid: judged?.moid, instance_uuid: judged?.instanceUuid };
}

/** Every node of the pool, or those given. */
export function chosenNodes(parts: ControllerParts, nodes: readonly string[]): readonly string[] {
  return nodes.length > 0 ? nodes : nodeNames(parts.config);
}
