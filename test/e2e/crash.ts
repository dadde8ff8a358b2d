import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { once } from 'node:events';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { readEvents } from '../../src/ansible/event-file.ts';
import { liveProcesses } from '../../src/ansible/process.ts';
import { readCommand, runFolder } from '../../src/ansible/run-folder.ts';
import { eventually, type Lab } from '../lab/lab.ts';
import { expectClaimsClosed } from './claims.ts';

/** What dies: the controller alone, or its run's whole process group with it. */
export type Casualty = 'controller' | 'group';

/** Starts a rebuild and kills it as soon as the task of that name has begun. Returns the run's id. */
export async function killAtTask(
  lab: Lab,
  config: string,
  node: string,
  task: string,
  casualty: Casualty,
): Promise<string> {
  return killWhen({ lab, config, node, casualty }, task, (begun) => begun.some(({ name }) => name === task));
}

/** A rebuild that is to be killed. */
export interface Victim {
  readonly lab: Lab;
  readonly config: string;
  readonly node: string;
  readonly casualty: Casualty;
}

/** A task that was begun. */
export interface BegunTask {
  readonly name: string;
  readonly action: string;
  /** It was not skipped. */
  readonly wasDone: boolean;
}

/** Starts a rebuild and kills it as soon as the tasks that were begun are as wanted. Returns the run's id. */
export async function killWhen(
  { lab, config, node, casualty }: Victim,
  what: string,
  isTime: (begun: readonly BegunTask[]) => boolean,
): Promise<string> {
  const runs = join(stateDirOf(lab, config), 'runs');
  const before = new Set(existsSync(runs) ? readdirSync(runs) : []);
  const main = join(import.meta.dirname, '../../dist/main.js');
  const controller = spawn(process.execPath, [main, '--config', config, 'rebuild', node, '--confirm', node, '--json'], {
    stdio: 'ignore',
  });
  const over = once(controller, 'exit');
  const run = await eventually(`a run that reaches "${what}"`, 120_000, async () => {
    const fresh = existsSync(runs) ? readdirSync(runs).filter((id) => !before.has(id)) : [];
    for (const id of fresh) if (isTime(await begunTasks(runFolder(join(runs, id)).events))) return id;
    return undefined;
  });
  controller.kill('SIGKILL');
  if (casualty === 'group') {
    const command = await readCommand(runFolder(join(runs, run)));
    if (command?.pid) process.kill(-command.pid, 'SIGKILL');
  }
  await over;
  return run;
}

/** The tasks that a run has begun, in order. */
export async function begunTasks(file: string): Promise<readonly BegunTask[]> {
  const begun: (BegunTask & { readonly id: string })[] = [];
  const done = new Set<string>();
  if (!existsSync(file)) return begun;
  for await (const event of readEvents(file)) {
    if (event.e === 'ok') done.add(event.task.id);
    if (event.e !== 'task_start') continue;
    begun.push({ id: event.task.id, name: nameOf(event.task.name), action: event.task.action, wasDone: false });
  }
  return begun.map((task) => ({ ...task, wasDone: done.has(task.id) }));
}

/** A task's own name, without its role's. */
export function nameOf(name: string): string {
  return name.replace(/^[a-z]+ : /, '');
}

function stateDirOf(lab: Lab, config: string): string {
  const [, name] = /^regrow-(.*)\.yml$/.exec(basename(config)) ?? [];
  return join(lab.dir, name === undefined ? 'admin' : `admin-${name}`);
}

/** The node is whole again, and nothing of what was killed is left: VMs, claims, processes, lock, journal. */
export async function expectNothingLeft(lab: Lab, config: string, node: string): Promise<void> {
  const state = await lab.state();
  const own = state.vms.filter(({ name }) => name === node || name.startsWith(`${node}.`));
  expect(own.map(({ name, guest }) => ({ name, guest }))).toEqual([{ name: node, guest: 'running' }]);
  expect(own[0]?.annotation).toMatch(/regrow: certified /);

  expectClaimsClosed(state);

  const stateDir = stateDirOf(lab, config);
  for (const id of readdirSync(join(stateDir, 'runs'))) expect(await liveProcesses(id)).toEqual([]);
  expect(existsSync(join(stateDir, 'rebuild.lock'))).toBe(false);
  const database = new Database(join(stateDir, 'regrow.db'), { readonly: true });
  try {
    expect(database.prepare(`SELECT id, state FROM runs WHERE state <> 'done'`).all()).toEqual([]);
  } finally {
    database.close();
  }
}
