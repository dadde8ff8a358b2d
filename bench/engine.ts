import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { RunEvent } from '../src/ansible/event.ts';
import { runEnvironment } from '../src/ansible/environment.ts';
import { buildInventory } from '../src/ansible/inventory.ts';
import { playbookPath } from '../src/ansible/package-paths.ts';
import { prepareRunFolder, runFolder } from '../src/ansible/run-folder.ts';
import { newRunId } from '../src/ansible/run-id.ts';
import type { RunSpec } from '../src/ansible/run-spec.ts';
import { startRun } from '../src/ansible/start-run.ts';
import type { Config } from '../src/config/schema.ts';
import { CpuSampler } from './cpu.ts';

/** A run that was measured. */
export interface MeasuredRun {
  readonly seconds: number;
  /** Of ansible-playbook and everything below it. */
  readonly cpu: number;
  readonly sampler: CpuSampler;
  readonly events: readonly RunEvent[];
}

/** Where runs are kept, and what all of them are given. */
export interface Bench {
  readonly config: Config;
  readonly runsDir: string;
  readonly environment: Readonly<Record<string, string>>;
}

function specOf({ config, runsDir, environment }: Bench, playbook: string, extraVars: object): RunSpec {
  const id = newRunId(Date.now());
  const builder = hostname().split('.')[0] ?? 'localhost';
  return {
    id,
    runDir: join(runsDir, id),
    playbook: resolve(import.meta.dirname, playbook),
    inventory: buildInventory({ config, builder, addresses: new Map() }),
    extraVars,
    environment,
    expectedHosts: ['localhost'],
    deadlineMs: 300_000,
    ansible: config.ansible,
    caFile: config.vcenter.ca_file,
  };
}

/** Runs a playbook of bench/ through the engine: as a rebuild does it, with a reader of its events. */
export async function runThroughEngine(bench: Bench, playbook: string, extraVars: object = {}): Promise<MeasuredRun> {
  const spec = specOf(bench, playbook, extraVars);
  const began = performance.now();
  const handle = await startRun(spec);
  const sampler = new CpuSampler(handle.pid ?? 0);
  const events: RunEvent[] = [];
  for await (const event of handle.events()) events.push(event);
  const end = await handle.result;
  const seconds = (performance.now() - began) / 1000;
  if (end.kind !== 'ok') throw new Error(`${playbook}: ${end.kind}: ${end.message}`);
  return { seconds, cpu: sampler.stop(), sampler, events };
}

const engineOnly = ['ANSIBLE_CALLBACKS_ENABLED', 'REGROW_EVENTS', 'REGROW_UNLINK', 'REGROW_SECRETS'];

/** The same playbook, files and environment, started by hand: no engine, no callback of ours. */
export async function runBare(bench: Bench, playbook: string, extraVars: object = {}): Promise<MeasuredRun> {
  const spec = specOf(bench, playbook, extraVars);
  const folder = runFolder(spec.runDir);
  await mkdir(bench.runsDir, { recursive: true, mode: 0o700 });
  await prepareRunFolder(spec, folder);
  const environment = Object.fromEntries(
    Object.entries(runEnvironment(spec, folder)).filter(([name]) => !engineOnly.includes(name)),
  );
  const output = await open(folder.output, 'a', 0o600);
  const argv = ['-i', folder.inventory, '-e', `@${folder.passedExtraVars}`, playbookPath(spec.playbook)];
  const began = performance.now();
  const child = spawn('ansible-playbook', argv, {
    cwd: folder.root,
    env: environment,
    stdio: ['ignore', output.fd, output.fd],
  });
  const sampler = new CpuSampler(child.pid ?? 0);
  const [code] = await once(child, 'exit');
  const seconds = (performance.now() - began) / 1000;
  await output.close();
  if (code !== 0) throw new Error(`${playbook}, bare: exit code ${String(code)}`);
  return { seconds, cpu: sampler.stop(), sampler, events: [] };
}
