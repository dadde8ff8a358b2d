import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { sweep } from '../../../src/ansible/process.ts';
import { newRunId } from '../../../src/ansible/run-id.ts';
import type { RunSpec } from '../../../src/ansible/run-spec.ts';

export const fakeAnsible = path.resolve(import.meta.dirname, '../../fakes/ansible-playbook');

/** A folder of the test file's own; everything under it, and every process of its runs, is gone afterwards. */
export function scratchFolder(): { readonly root: string; spec(script: string, more?: Partial<RunSpec>): RunSpec } {
  const root = mkdtempSync(path.join(os.tmpdir(), 'regrow-engine-'));
  const ids: string[] = [];
  afterAll(async () => {
    for (const id of ids) await sweep(id);
    rmSync(root, { recursive: true, force: true });
  });
  return {
    root,
    /** A run whose playbook is this shell script, read by the fake ansible-playbook. */
    spec(script, more = {}) {
      const id = more.id ?? newRunId();
      ids.push(id);
      const playbook = path.join(root, `${id}.sh`);
      writeFileSync(playbook, script);
      return {
        id,
        runDir: path.join(root, 'runs', id),
        playbook,
        inventory: { all: { hosts: { vm01: {} } } },
        extraVars: {},
        environment: {},
        expectedHosts: ['vm01'],
        deadlineMs: 15_000,
        graceMs: 300,
        ansible: { path: [fakeAnsible], python_path: [] },
        caFile: null,
        ...more,
      };
    },
  };
}
