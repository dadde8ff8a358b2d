import { rm } from 'node:fs/promises';
import { parseObject, type RunEvent } from '../ansible/event.ts';
import { newRunId } from '../ansible/run-id.ts';
import { startRun } from '../ansible/start-run.ts';
import type { Vote } from '../pool/consultation.ts';
import type { ControllerParts } from './controller-parts.ts';
import { baseSpec } from './playbook-run.ts';

/** Observers that do not answer by then say nothing, in milliseconds. */
const deadlineMs = 30_000;

/** What is asked, of whom. */
export interface ObserversQuestion {
  readonly node: string;
  /** The VM that it is about; its address is one of this VM's. */
  readonly subject: string | null;
  readonly address: string | undefined;
  readonly observers: readonly string[];
}

/**
 * Has nodes measure another one at this moment, over SSH. They need no daemon. Who could not be reached, or could not measure, is in
 * none of the votes for or against.
 */
export async function askObservers(parts: ControllerParts, question: ObserversQuestion): Promise<readonly Vote[]> {
  const { node, subject, address, observers } = question;
  if (observers.length === 0) return [];
  const run = newRunId(parts.now().getTime());
  const base = await baseSpec(parts, run, 'ask_observers.yml');
  const extraVars = { regrow_run: run, node, observers, node_address: address ?? null };
  const handle = await startRun({ ...base, expectedHosts: [], deadlineMs, graceMs: 0, extraVars });
  const votes = new Map<string, Vote>();
  for await (const event of handle.events()) {
    const answer = answerIn(event);
    if (answer !== undefined) votes.set(answer.observer, { ...answer.vote, subject });
  }
  await handle.result;
  await rm(base.runDir, { recursive: true, force: true }).catch(() => undefined);
  return observers.map((observer) => votes.get(observer) ?? silent(observer));
}

/** By the probe's own words: a program that is broken there ends with the exit code of a failure, too. */
const answers = new Map<unknown, Vote['answer']>([
  ['passed', 'healthy'],
  ['failed', 'unhealthy'],
  ['unknown', 'unknown'],
]);

function answerIn(event: RunEvent): { readonly observer: string; readonly vote: Omit<Vote, 'subject'> } | undefined {
  if (event.e !== 'ok' || event.task.action !== 'ansible.builtin.command') return undefined;
  const said = event.res['stdout'];
  const answer = answers.get(typeof said === 'string' ? parseObject(said)?.['verdict'] : undefined);
  if (answer === undefined) return undefined;
  const { host: observer } = event;
  const detail = 'it measured at this moment, asked over SSH';
  return { observer, vote: { observer, answer, ageMs: 0, isTrusted: true, latencyMs: null, detail } };
}

function silent(observer: string): Vote {
  const detail = 'neither its daemon nor its sshd answered';
  return { observer, answer: 'silent', subject: null, ageMs: null, isTrusted: false, latencyMs: null, detail };
}
