import { rm } from 'node:fs/promises';
import { toRecord } from '../ansible/event.ts';
import { classifyFailure } from '../ansible/classify.ts';
import { newRunId } from '../ansible/run-id.ts';
import { startRun } from '../ansible/start-run.ts';
import { RegrowError } from '../errors.ts';
import { remedyFor } from '../pool/remedy.ts';
import type { ControllerParts } from './controller-parts.ts';
import { baseSpec } from './playbook-run.ts';

const deadlineMs = 120_000;

/** A playbook that only reads, and the module in it whose answer is wanted. */
export interface VcenterReading<T> {
  readonly playbook: string;
  readonly module: string;
  /** The module's answer in our terms; undefined when it is none. */
  readonly parse: (found: Readonly<Record<string, unknown>>) => T | undefined;
  /** What the playbook is told, for a run of that id. */
  readonly extraVars: (run: string) => object;
}

/** Has Ansible read vCenter. Throws DISCOVERY_FAILED: what could not be read is not gone. */
export async function readVcenter<T extends object>(
  parts: ControllerParts,
  { playbook, module, parse, extraVars }: VcenterReading<T>,
): Promise<T> {
  const run = newRunId(parts.now().getTime());
  const base = await baseSpec(parts, run, playbook);
  const handle = await startRun({ ...base, expectedHosts: ['localhost'], deadlineMs, extraVars: extraVars(run) });
  let found: Record<string, unknown> | undefined;
  for await (const event of handle.events()) {
    if (event.e === 'ok' && event.task.action === module) found = toRecord(event.res['regrow']);
  }
  const end = await handle.result;
  const read = end.kind === 'ok' && found !== undefined ? parse(found) : undefined;
  if (read === undefined) {
    const failure = classifyFailure(end);
    throw new RegrowError('DISCOVERY_FAILED', `vCenter could not be read (${failure}): ${end.message}`, {
      facts: { run, class: failure },
      // Of a reading the journal knows nothing, nor does `regrow logs`.
      remedy:
        failure === 'playbook_error'
          ? `See that vcenter.datacenter and vcenter.folder are as in vCenter; all that was said is in ${base.runDir}/output.log.`
          : remedyFor(failure),
    });
  }
  // A reading that succeeded leaves nothing to read, and one comes every few seconds.
  await rm(base.runDir, { recursive: true, force: true }).catch(() => undefined);
  return read;
}
