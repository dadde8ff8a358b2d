import { nodeSettings } from '../config/node-settings.ts';
import type { AnyCheck, Config } from '../config/schema.ts';
import { peerHolds, rebuiltLately, underWay } from '../pool/act-gates.ts';
import { unmeasured } from '../pool/check-state.ts';
import { conditionOf, type Condition } from '../pool/condition.ts';
import { blankNode, type NodeState, type PoolState } from '../pool/node-state.ts';
import { leadsToRebuild, type PoolPolicy } from '../pool/policy.ts';
import type { ImageVersionReport } from '../pool/image-versions.ts';
import type {
  BudgetReport,
  CheckReport,
  ControllerReport,
  DiscoveryReport,
  LastRunReport,
  MembershipReport,
  NodeReport,
  Observation,
  ObservedCheck,
  PoolReport,
  StormReport,
} from '../pool/report.ts';
import type { Turn } from '../pool/turn.ts';
import type { Journal } from '../store/journal.ts';
import type { Run } from '../store/runs.ts';
import type { LatestResults } from './latest-results.ts';

/** What a report is made of, at one moment. */
export interface ReportSource {
  readonly config: Config;
  readonly policy: PoolPolicy;
  readonly state: PoolState;
  readonly journal: Journal;
  readonly results: LatestResults;
  readonly controller: ControllerReport;
  readonly discovery: DiscoveryReport;
  readonly membership: MembershipReport;
  readonly images: readonly ImageVersionReport[];
  /** Of the controller's own machine. */
  readonly hostChecks: readonly CheckReport[];
  /** Since when a node is in its condition, ISO UTC. */
  since(node: string): string | null;
  /** Whether this controller trusts itself at the moment. */
  readonly trusted: boolean;
  readonly nowMs: number;
  readonly now: Date;
}

/** What an observation is made of. */
export type ObservationSource = Pick<ReportSource, 'policy' | 'state' | 'results' | 'trusted' | 'nowMs'>;

/** The pool as this controller sees it. */
export function poolReport(source: ReportSource): PoolReport {
  const at = source.now.toISOString();
  const pauses = source.journal.pauses.active(at);
  const paused = new Set(pauses.map(({ scope }) => scope));
  const nodes = Object.keys(source.policy.nodes).map((name) =>
    nodeReport(source, name, paused.has('pool') || paused.has(`node/${name}`)),
  );
  return {
    pool: source.config.pool.name,
    at,
    healthy: nodes.every(({ state }) => state === 'healthy'),
    controller: source.controller,
    pauses,
    discovery: source.discovery,
    membership: source.membership,
    mode: source.policy.mode,
    budget: budgetReport(source),
    storm: stormReport(source),
    nodes,
    images: source.images,
    host_checks: source.hostChecks,
  };
}

function budgetReport({ policy, state: pool, nowMs: now }: ReportSource): BudgetReport {
  const moment = { policy, pool, now };
  return {
    in_use: underWay(moment).length,
    max: policy.maxConcurrent,
    per_hour: { used: rebuiltLately(moment), max: policy.maxPerHour },
  };
}

function stormReport({ state, now, nowMs }: ReportSource): StormReport | null {
  const { storm } = state.brake;
  if (storm === null) return null;
  return { since: new Date(now.getTime() - (nowMs - storm.since)).toISOString(), reason: storm.reason };
}

function nodeReport(source: ReportSource, name: string, paused: boolean): NodeReport {
  const { turn, node } = turnOf(source, name);
  const condition = presentCondition(source, turn, node);
  const seen = source.journal.nodes.get(name);
  const known = source.journal.nodes.lastKnown(name);
  const run = source.journal.runs.list({
    node: name,
    kinds: ['rebuild', 'restore', 'bootstrap', 'settle'],
    limit: 1,
  })[0];
  return {
    name,
    state: condition.kind,
    why: condition.why,
    since: source.since(name),
    address: seen?.address ?? known?.address ?? null,
    address_seen_at: known?.address_at ?? null,
    moid: node.vm?.moid ?? seen?.moid ?? null,
    instance_uuid: node.vm?.instanceUuid ?? seen?.instance_uuid ?? null,
    power: seen?.power ?? null,
    connection: seen?.connection ?? null,
    heartbeat: seen?.heartbeat ?? null,
    certified: seen?.certified ?? false,
    paused,
    checks: name === source.policy.self ? [] : checkReports(source, name, node),
    fault: faultReport(source, turn, node),
    gates: node.fault?.decided?.gates ?? [],
    decided_at: decidedAt(source, node),
    holds: condition.kind === 'held' ? condition.holds.map(({ gate, message }) => ({ gate, message })) : [],
    last_run: run === undefined ? null : lastRun(run),
  };
}

/** The part of a run that is shown with its node. */
function lastRun(run: Run): LastRunReport {
  const { id, kind, state, outcome, class: failure, gate, step, started_at, ended_at } = run;
  return { id, kind, state, outcome, class: failure, gate, step, started_at, ended_at };
}

/** A controller that can measure nothing any more does not go on calling a node healthy. */
function presentCondition(source: ReportSource, turn: Turn, node: NodeState): Condition {
  const condition = conditionOf(turn, node);
  if (condition.kind !== 'healthy' || turn.name === turn.policy.self) return condition;
  const measured = Object.keys(node.checks);
  const old = measured.find((check) => {
    const at = source.results.countedAtMs(turn.name, check) ?? -Infinity;
    return source.nowMs - at > 2 * turn.policy.voteFreshMs;
  });
  if (old === undefined) return condition;
  const detail = source.results.get(turn.name, old)?.detail ?? 'never measured';
  return { kind: 'unknown', why: `${old} says nothing any more: ${detail}` };
}

function decidedAt({ now, nowMs }: ReportSource, { fault }: NodeState): string | null {
  if (fault === null || fault.decided === null) return null;
  return new Date(now.getTime() - (nowMs - fault.decided.at)).toISOString();
}

function turnOf(
  { state, policy, nowMs }: Pick<ReportSource, 'state' | 'policy' | 'nowMs'>,
  name: string,
): { readonly turn: Turn; readonly node: NodeState } {
  return { turn: { name, pool: state, policy, now: nowMs }, node: state.nodes[name] ?? blankNode(policy, nowMs) };
}

function checkReports({ config, results }: ReportSource, name: string, node: NodeState): readonly CheckReport[] {
  return Object.entries(nodeSettings(config, name).checks).map(([check, settings]) => {
    const { verdict, failures } = node.checks[check] ?? unmeasured;
    const last = results.get(name, check);
    return {
      name: check,
      type: settings.type,
      on_failure: actionName(settings.on_failure),
      verdict,
      failures,
      of: settings.failures,
      last:
        last === undefined
          ? null
          : { status: last.status, at: last.at, latency_ms: last.latencyMs, detail: last.detail },
    };
  });
}

/** The action's name alone. */
export function actionName(action: AnyCheck['on_failure']): string {
  if (typeof action === 'string') return action;
  return 'exec' in action ? 'exec' : 'playbook';
}

function faultReport(source: ReportSource, { now }: Turn, node: NodeState): NodeReport['fault'] {
  const { fault, attempts, checks } = node;
  if (fault === null) return null;
  return {
    opened_at: new Date(source.now.getTime() - (now - fault.openedAt)).toISOString(),
    attempts,
    checks: Object.entries(checks).flatMap(([name, { verdict }]) => (verdict === 'unhealthy' ? [name] : [])),
    run: fault.course.kind === 'running' || fault.course.kind === 'restoring' ? fault.course.run : null,
  };
}

/** What this controller has seen of a node by itself; undefined for a name that is not of the pool. */
export function observationOf(source: ObservationSource, name: string): Observation | undefined {
  const policy = source.policy.nodes[name];
  if (policy === undefined) return undefined;
  const { turn, node } = turnOf(source, name);
  const observed = Object.entries(policy.checks).map(([check, { failures: of, action }]) => {
    const { verdict, failures, successes } = node.checks[check] ?? unmeasured;
    const countedAt = source.results.countedAtMs(name, check);
    const age = countedAt === undefined ? null : Math.round(source.nowMs - countedAt);
    const isGood = failures === 0 && (verdict === 'healthy' || successes > 0);
    return { isDeciding: leadsToRebuild(action), isGood, check: { name: check, verdict, failures, of, age_ms: age } };
  });
  const deciding = observed.filter(({ isDeciding }) => isDeciding);
  return {
    controller: source.policy.builder,
    node: name,
    vm: node.vm === null ? null : { moid: node.vm.moid, instance_uuid: node.vm.instanceUuid },
    ...verdictOf(deciding),
    trusted: source.trusted,
    holds: peerHolds(turn, node),
    checks: observed.map(({ check }) => check),
  };
}

/**
 * "I tried and failed" counts from the first failure on: whoever asks has its own threshold. One check that fails is enough for that, and the
 * verdict is as old as the newest of those; what is good is so by all checks, and as old as the oldest.
 */
function verdictOf(
  checks: readonly { readonly isGood: boolean; readonly check: ObservedCheck }[],
): Pick<Observation, 'verdict' | 'age_ms'> {
  const agesOf = (those: typeof checks): readonly number[] =>
    those.flatMap(({ check: { age_ms: age } }) => (age === null ? [] : [age]));
  const failing = checks.filter(({ check }) => check.failures > 0);
  if (failing.length > 0) {
    const ages = agesOf(failing);
    return { verdict: 'unhealthy', age_ms: ages.length === 0 ? null : Math.min(...ages) };
  }
  const ages = agesOf(checks);
  const isGood = checks.length > 0 && checks.every((each) => each.isGood);
  return {
    verdict: isGood ? 'healthy' : 'unknown',
    age_ms: ages.length === 0 || ages.length < checks.length ? null : Math.max(...ages),
  };
}
