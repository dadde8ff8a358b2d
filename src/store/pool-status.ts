import type { Journal } from './journal.ts';
import type { NodeRecord } from './nodes.ts';
import type { Pause } from './pauses.ts';
import type { Run } from './runs.ts';

/** Why a node is in its state. */
export type NodeReason =
  | 'well'
  | 'being_rebuilt'
  | 'never_seen'
  | 'seen_too_long_ago'
  | 'missing'
  | 'powered_off'
  | 'host_lost'
  | 'uncertified'
  | 'no_address'
  | 'no_heartbeat';

/** A node as far as the journal knows it. Times are ISO UTC. */
export interface NodeStatus {
  readonly name: string;
  /** Unknown is not unhealthy, and not healthy either. */
  readonly state: 'healthy' | 'unhealthy' | 'unknown' | 'rebuilding';
  readonly reason: NodeReason;
  readonly address: string | null;
  readonly moid: string | null;
  readonly instance_uuid: string | null;
  readonly power: string | null;
  readonly connection: string | null;
  readonly heartbeat: string | null;
  readonly certified: boolean;
  readonly seen_at: string | null;
  readonly paused: boolean;
  /** The newest run that acted on it. */
  readonly last_run: LastRun | null;
}

export type LastRun = Pick<
  Run,
  'id' | 'kind' | 'state' | 'outcome' | 'class' | 'gate' | 'step' | 'started_at' | 'ended_at'
>;

/** The pool at a glance. */
export interface PoolStatus {
  readonly pool: string;
  /** ISO UTC. */
  readonly at: string;
  /** Every node is healthy. */
  readonly healthy: boolean;
  readonly pauses: readonly Pause[];
  readonly nodes: readonly NodeStatus[];
}

export interface PoolQuestion {
  readonly pool: string;
  readonly nodes: readonly string[];
  readonly nowIso: string;
  /** What was seen longer ago than this is not taken for the present, in milliseconds. */
  readonly staleAfterMs: number;
}

/** What the journal knows of the pool. */
export function poolStatus(journal: Journal, question: PoolQuestion): PoolStatus {
  const pauses = journal.pauses.active(question.nowIso);
  const isPaused = (name: string): boolean => pauses.some(({ scope }) => scope === 'pool' || scope === `node/${name}`);
  const nodes = question.nodes.map((name): NodeStatus => {
    const seen = journal.nodes.get(name);
    const run = journal.runs.list({ node: name, kinds: ['rebuild', 'restore', 'bootstrap', 'settle'], limit: 1 })[0];
    return {
      name,
      ...stateOf(seen, run, question),
      address: seen?.address ?? null,
      moid: seen?.moid ?? null,
      instance_uuid: seen?.instance_uuid ?? null,
      power: seen?.power ?? null,
      connection: seen?.connection ?? null,
      heartbeat: seen?.heartbeat ?? null,
      certified: seen?.certified ?? false,
      seen_at: seen?.seen_at ?? null,
      paused: isPaused(name),
      last_run: run === undefined ? null : lastRun(run),
    };
  });
  return {
    pool: question.pool,
    at: question.nowIso,
    healthy: nodes.every((node) => node.state === 'healthy'),
    pauses,
    nodes,
  };
}

type Judgement = Pick<NodeStatus, 'state' | 'reason'>;

/** The first thing that speaks against it. vCenter's words are taken with and without its own prefix (`poweredOn`, `on`). */
export function stateOf(
  seen: NodeRecord | undefined,
  run: Run | undefined,
  at: Pick<PoolQuestion, 'nowIso' | 'staleAfterMs'>,
): Judgement {
  if (run !== undefined && (run.state === 'intent' || run.state === 'running') && run.kind !== 'restore')
    return { state: 'rebuilding', reason: 'being_rebuilt' };
  if (seen === undefined) return { state: 'unknown', reason: 'never_seen' };
  if (Date.parse(at.nowIso) - Date.parse(seen.seen_at) > at.staleAfterMs)
    return { state: 'unknown', reason: 'seen_too_long_ago' };
  if (seen.moid === null) return { state: 'unhealthy', reason: 'missing' };
  if (seen.connection !== null && seen.connection !== 'connected') return { state: 'unknown', reason: 'host_lost' };
  if (seen.power !== 'poweredOn' && seen.power !== 'on') return { state: 'unhealthy', reason: 'powered_off' };
  if (!seen.certified) return { state: 'unhealthy', reason: 'uncertified' };
  if (seen.heartbeat !== null && seen.heartbeat !== 'green') return { state: 'unknown', reason: 'no_heartbeat' };
  if (seen.address === null) return { state: 'unhealthy', reason: 'no_address' };
  return { state: 'healthy', reason: 'well' };
}

/** The part of a run that is shown with its node. */
export function lastRun(run: Run): LastRun {
  return {
    id: run.id,
    kind: run.kind,
    state: run.state,
    outcome: run.outcome,
    class: run.class,
    gate: run.gate,
    step: run.step,
    started_at: run.started_at,
    ended_at: run.ended_at,
  };
}
