import { rm } from 'node:fs/promises';
import { outputTail, runFolder } from '../ansible/run-folder.ts';
import { newRunId } from '../ansible/run-id.ts';
import { startRun } from '../ansible/start-run.ts';
import { secretValues } from '../config/secret-refs.ts';
import type { ControllerParts } from './controller-parts.ts';
import { baseSpec } from './playbook-run.ts';

/** The places around a rebuild where playbooks of the user's own run. */
const rebuildHooks = ['before_rebuild', 'after_rebuild'] as const;
export type RebuildHook = (typeof rebuildHooks)[number];

/** The playbooks of one place, to be run for one rebuild. */
export interface HookOrder {
  readonly hook: RebuildHook;
  readonly node: string;
  /** The rebuild's run. Its end is the end of every process of the hooks. */
  readonly run: string;
  /** What the playbooks are told beside the node and the run, as extra-vars. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What is left of the rebuild's own time. */
  readonly leftMs: number;
}

/** What became of them. */
export interface HookResult {
  readonly hook: RebuildHook;
  readonly ok: boolean;
  readonly message: string;
  /** The end of what the playbooks wrote, without secrets. */
  readonly output: string;
}

/** The most of their output that is kept, in bytes. */
const keptBytes = 2_000;

/** Runs the playbooks of one place, one after the other, until one fails or their time is over. They get no secrets. */
export async function runHooks(parts: ControllerParts, order: HookOrder): Promise<HookResult> {
  const { hook, leftMs } = order;
  const { timeout, [hook]: playbooks } = parts.config.hooks;
  const endAt = performance.now() + Math.min(timeout, leftMs);
  let output = '';
  for (const playbook of playbooks) {
    const timeoutMs = Math.round(endAt - performance.now());
    if (timeoutMs <= 0) return { hook, ok: false, message: `no time was left for ${playbook}`, output };
    const played = await play(parts, order, { playbook, timeoutMs });
    output = (output + played.output).slice(-keptBytes);
    if (!played.ok) return { hook, ok: false, message: `${playbook}: ${played.message}`, output };
  }
  return { hook, ok: true, message: `${playbooks.join(', ')} passed`, output };
}

/** The folder of one that passed is removed. */
async function play(
  parts: ControllerParts,
  { node, run, facts }: HookOrder,
  { playbook, timeoutMs }: { readonly playbook: string; readonly timeoutMs: number },
): Promise<{ readonly ok: boolean; readonly message: string; readonly output: string }> {
  const base = await baseSpec(parts, newRunId(parts.now().getTime()), playbook);
  const handle = await startRun({
    ...base,
    environment: {},
    hidden: await secretValues(parts.config, parts.env),
    outerRun: run,
    expectedHosts: [],
    deadlineMs: timeoutMs,
    extraVars: { ...facts, node, rebuild_run: run },
  });
  const end = await handle.result;
  const output = await outputTail(runFolder(base.runDir), keptBytes);
  const isOk = end.kind === 'ok';
  if (isOk) await rm(base.runDir, { recursive: true, force: true });
  return { ok: isOk, message: isOk ? end.message : `${end.message} (${base.runDir}/output.log)`, output };
}
