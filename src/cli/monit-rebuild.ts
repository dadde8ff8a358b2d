import { setTimeout as delay } from 'node:timers/promises';
import { RegrowError } from '../errors.ts';
import { rankOf } from '../pool/moves.ts';
import { overtaken, type NothingToDo } from '../pool/nothing-to-do.ts';
import type { OrderResult, RebuildWish } from '../pool/order.ts';
import { exitCodes, outcomes, type VmIdentity } from '../pool/outcome.ts';
import type { ControllerParts } from '../remediation/controller-parts.ts';
import { readDaemonLock } from '../remediation/daemon-lock.ts';
import { startRebuild, type StartedRebuild } from '../remediation/rebuild.ts';
import { recoverRuns } from '../remediation/recovery.ts';
import { Steering } from '../remediation/steering.ts';
import type { CliContext } from './context.ts';
import { followRun, handOver } from './follow.ts';
import { MonitView } from './monit-view.ts';
import { partsFor } from './parts.ts';
import { busy, tell, type RebuildOptions } from './rebuild.ts';

/**
 * A rebuild that Monit orders where no daemon runs. This process waits for its turn, looks, asks all that a daemon asks, and only then
 * starts the run: about the VM that was there when Monit judged, and no other.
 */
export async function rebuildForMonit(context: CliContext, node: string, options: RebuildOptions): Promise<number> {
  const parts = await partsFor(context);
  await refuseBesideDaemon(parts);
  const alive = await recoverRuns(parts);
  if (alive !== undefined) return goesOn(context, parts, node, alive.run);
  // A later reading may find another VM: this order is not about that one.
  const known = parts.journal.nodes.lastVm(node);
  const judged = options.judged ?? (known && { moid: known.moid, instanceUuid: known.instance_uuid });
  const view = new MonitView(parts);
  try {
    const obstacle = await inTurn(view, node, judged);
    if (obstacle !== undefined) return await tell(context, { ...blank, node, ...obstacle }, options);
    return await decideAndStart(context, parts, view, { node, judged, options });
  } finally {
    view.stop();
  }
}

/** A daemon that stands still, or is just starting, must not be gone around. */
async function refuseBesideDaemon({ config }: ControllerParts): Promise<void> {
  const daemon = await readDaemonLock(config.state_dir);
  if (daemon === undefined) return;
  throw new RegrowError(
    'CONTROLLER_UNREACHABLE',
    `The daemon of this machine runs (pid ${daemon.pid}) and does not answer.`,
    {
      facts: { pid: daemon.pid },
      remedy: 'It acts by itself. See `regrow logs`, and the log of the service.',
    },
  );
}

async function goesOn(context: CliContext, parts: ControllerParts, node: string, run: string): Promise<number> {
  handOver(parts, run);
  const of = parts.journal.runs.get(run)?.node ?? null;
  if (of !== node) return busy(context, { run, node: of });
  await context.answer({ run, node, state: 'running' }, () => `${run}\n`);
  return exitCodes.done;
}

/** Reads vCenter, now and after the candidates before this machine had their time. */
async function inTurn(view: MonitView, node: string, judged: VmIdentity | undefined): Promise<NothingToDo | undefined> {
  await view.read();
  const rank = rankOf({ name: node, pool: view.state, policy: view.policy, now: view.nowMs() }, view.state.nodes[node]);
  const found = obstacleIn(view, node, judged);
  if (found !== undefined || rank <= 0) return found;
  await delay(rank * view.policy.staggerMs);
  await view.read();
  return obstacleIn(view, node, judged);
}

function obstacleIn(view: MonitView, node: string, judged: VmIdentity | undefined): NothingToDo | undefined {
  const turn = { pool: view.state, policy: view.policy, now: view.nowMs() };
  return overtaken(turn, view.state.nodes[node]?.read ?? null, judged ?? null);
}

interface Case {
  readonly node: string;
  readonly judged: VmIdentity | undefined;
  readonly options: RebuildOptions;
}

async function decideAndStart(
  context: CliContext,
  parts: ControllerParts,
  view: MonitView,
  { node, judged, options }: Case,
): Promise<number> {
  await view.measureOthers(node);
  const started: StartedRebuild[] = [];
  const steering = new Steering({
    parts: () => parts,
    state: () => view.state,
    policy: () => view.policy,
    monotonicMs: () => view.nowMs(),
    consult: (name) => view.consult(name),
    rebuilds: {
      orderByHand: async (name, request) => {
        const start = await startRebuild(parts, { ...request, nodes: [name] });
        if (start.kind === 'started') started.push(start);
        return start;
      },
    },
    // Nobody keeps a question to a person here, and nobody is to be told of a pause.
    tell: () => undefined,
    relay: () => Promise.resolve([]),
    heed: () => undefined,
    isReady: () => true,
  });
  const wish: RebuildWish = {
    trigger: 'monit',
    by: 'Monit',
    reason: options.reason ?? '',
    force: [],
    isDryRun: options.dryRun === true,
    judged: judged === undefined ? null : `${judged.moid}/${judged.instanceUuid}`,
  };
  const result = await steering.rebuild(node, wish);
  const [run] = started;
  return run === undefined
    ? tellRefusal(context, node, result, options)
    : seeTo(context, parts, run, { node, options });
}

async function seeTo(
  context: CliContext,
  parts: ControllerParts,
  started: StartedRebuild,
  { node, options }: Pick<Case, 'node' | 'options'>,
): Promise<number> {
  if (!options.wait) return goesOn(context, parts, node, started.run);
  const followed = await followRun(context, parts, started);
  const result = followed.kind === 'ended' ? followed.results[0] : undefined;
  if (result !== undefined) return tell(context, result, options);
  await context.answer({ run: started.run, node, state: 'running' }, () => `${started.run}\n`);
  return exitCodes.done;
}

async function tellRefusal(
  context: CliContext,
  node: string,
  result: OrderResult,
  options: RebuildOptions,
): Promise<number> {
  switch (result.kind) {
    case 'accepted': {
      const outcome = outcomes.find((each) => each === result.more?.['outcome']);
      if (outcome === undefined) return exitCodes.done;
      const message = String(result.more?.['message']);
      return tell(context, { ...blank, node, outcome, message }, options);
    }
    case 'conflict':
      return busy(context, result.facts);
    case 'unknown':
      throw new RegrowError('NODE_UNKNOWN', result.message, { facts: { node } });
    case 'refused': {
      const { gate, message } = result;
      const remedy = `\`regrow rebuild ${node}\` is a person's order.`;
      return tell(context, { ...blank, node, outcome: 'refused', gate, message, remedy }, options);
    }
  }
}

const blank = {
  run: null,
  gate: null,
  class: null,
  step: 'gates',
  remedy: null,
  address: null,
  fenced: false,
  pending: null,
} as const;
