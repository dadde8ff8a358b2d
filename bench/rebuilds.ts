import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEvents } from '../src/ansible/event-file.ts';
import type { RunEvent } from '../src/ansible/event.ts';
import { runFolder } from '../src/ansible/run-folder.ts';
import { eventually, type Lab } from '../test/lab/lab.ts';
import { Vsphere } from '../test/lab/vsphere.ts';
import { CpuSampler } from './cpu.ts';
import { runThroughEngine, type Bench, type MeasuredRun } from './engine.ts';

/** The article's plain tasks on a dead node. The VM gets the old one's note afterwards, so that ours may follow. */
export async function rebuildAsInTheArticle(lab: Lab, bench: Bench, node: string): Promise<MeasuredRun> {
  const old = await dead(lab, node);
  const run = await runThroughEngine(bench, 'article.yml', { node });
  const vm = await lab.until(node, ({ guest, address }) => guest === 'running' && address !== '');
  const vsphere = new Vsphere(lab.dir);
  try {
    await vsphere.login(lab.password());
    await vsphere.value('reconfigure', { moid: vm.moid, annotation: old.annotation });
  } finally {
    vsphere.close();
  }
  return run;
}

/** `regrow rebuild` of a dead node: the whole program, as an operator runs it. */
export async function rebuildAsWeDo(lab: Lab, node: string): Promise<MeasuredRun> {
  await dead(lab, node);
  const runs = join(lab.dir, 'admin', 'runs');
  const before = new Set(readdirSync(runs));
  const began = performance.now();
  const command = lab.regrow(['rebuild', node, '--confirm', node, '--json']);
  const { root, pid } = await eventually('a new run', 20_000, async () => newRun(runs, before));
  const sampler = new CpuSampler(pid);
  const { exitCode, stdout, stderr } = await command;
  const seconds = (performance.now() - began) / 1000;
  if (exitCode !== 0) throw new Error(`regrow rebuild ${node}: exit code ${exitCode}\n${stdout}\n${stderr}`);
  const events: RunEvent[] = [];
  for await (const event of readEvents(runFolder(root).events)) events.push(event);
  return { seconds, cpu: sampler.stop(), sampler, events };
}

async function dead(lab: Lab, node: string): Promise<{ readonly annotation: string }> {
  await lab.until(node, ({ guest, address }) => guest === 'running' && address !== '');
  await lab.kill(node);
  return lab.until(node, ({ guest }) => guest === 'dead');
}

async function newRun(
  runs: string,
  before: ReadonlySet<string>,
): Promise<{ readonly root: string; readonly pid: number } | undefined> {
  for (const name of readdirSync(runs).filter((each) => !before.has(each))) {
    const root = join(runs, name);
    const { command } = runFolder(root);
    const record: unknown = existsSync(command) ? JSON.parse(readFileSync(command, 'utf8')) : undefined;
    if (record instanceof Object && 'pid' in record && typeof record.pid === 'number') return { root, pid: record.pid };
  }
  return undefined;
}
