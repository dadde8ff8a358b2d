import { afterAnswer, afterAsking, afterOrder, unaskEffects } from './approval.ts';
import { conditionOf, type Condition } from './condition.ts';
import { afterConsultation, lookWithinMs, proceed, type Occasion } from './course.ts';
import { wait } from './moves.ts';
import type { Decision, Effect, PoolEvent } from './events.ts';
import { afterGoodVerdict, afterMeasurement, closed, unhealthyChecks, unobserved, withoutOldResults } from './judge.ts';
import { blankNode, type Course, type NodeMemory, type NodeState, type PoolState } from './node-state.ts';
import type { PoolPolicy } from './policy.ts';
import { afterQuiet, brakeAfter, isRebuilt, released, stormWakes } from './storm.ts';
import { afterReading } from './readings.ts';
import { afterRestore, afterRun } from './run-results.ts';
import { nodePolicy, record, still, followedBy, withFault, type Step, type Turn } from './turn.ts';

/*
 * A node and its fault.
 *
 *   condition       means                                                     goes on by
 *   unknown         nothing concluded yet                                     results, readings
 *   warming         a VM not seen healthy yet; its failures do not count      a success; startup_grace over
 *   healthy         every check is                                            a failure
 *   suspect         failures in a row, fewer than the check allows            one more failure; a success
 *   faulted         unhealthy; the fault's course is watching (nothing to rebuild, or results have to come afresh), waiting (for
 *                   its turn, a backoff, the slot, vCenter) or looking (a fresh reading and the views of others were asked for)
 *   held            unhealthy, and a gate holds the rebuild                   the gate opens; `resume`
 *   remediating     this controller's rebuild or restore runs, or somebody else's is     its end; another VM is certified; it stands still
 *                   seen in vCenter                                           for longer than D
 *   exhausted       unhealthy, and max_attempts rebuilds failed               `resume`; another VM is certified
 *
 *   A fault ends when every check is healthy again (answers), when another VM is certified under the name (replaced), when this
 *   controller rebuilt the node (rebuilt), when others observe it instead (unobserved), or when the node leaves the pool (removed). Each check's action is taken once a fault; a
 *   restore is made again while its check fails afresh after it, until its attempts are spent and `then` follows.
 *   Nothing is concluded from `unknown`, from old results after a stall, or about a VM that is not the judged one.
 */

const hourMs = 60 * 60_000;

/** What follows from an event, for this controller. Pure: the same arguments give the same decision. `now`: monotonic ms. */
export function decide(state: PoolState, event: PoolEvent, policy: PoolPolicy, now: number): Decision<PoolState> {
  const quiet = afterQuiet(heard(state, event), policy, now);
  const pool = quiet.pool;
  const about = concerned(pool, event, policy);
  if (event.kind === 'replanned') return replanned(pool, policy, now);
  const effects: Effect[] = [...quiet.effects];
  let current = pool;
  for (const name of about) {
    const node = current.nodes[name];
    if (node === undefined) continue;
    const turn: Turn = { name, pool: current, policy, now };
    const step = followedBy(stepFor(turn, node, event), (next) => proceed(turn, next, occasionOf(event)));
    const after = settled(turn, step.node);
    effects.push(
      ...memoryEffects(turn, node, after),
      ...step.effects,
      ...unaskEffects(turn, node, after, event),
      ...transitionEffects(turn, node, after),
    );
    if (after !== node) current = { ...current, nodes: { ...current.nodes, [name]: after } };
    if (step.effects.some(isRebuilt)) current = withRebuild(current, now);
    const { brake, effects: told } = brakeAfter({ ...turn, pool: current }, step.effects, event);
    effects.push(...told);
    if (brake !== current.brake) current = { ...current, brake };
  }
  return { state: current, effects: inOrder(effects) };
}

/** What an event says of the pool as a whole. */
function heard(state: PoolState, event: PoolEvent): PoolState {
  if (event.kind === 'pauses') return { ...state, pauses: event.pauses };
  if (event.kind === 'pool-resumed') return { ...state, rebuiltAt: [], brake: released(state.brake) };
  if (event.kind !== 'read' && event.kind !== 'unreadable') return state;
  const isReadable = event.kind === 'read';
  return isReadable === state.isReadable ? state : { ...state, isReadable };
}

function withRebuild(state: PoolState, now: number): PoolState {
  return { ...state, rebuiltAt: [...state.rebuiltAt.filter((at) => now - at < hourMs), now] };
}

/** The nodes that an event is about. */
function concerned(state: PoolState, event: PoolEvent, policy: PoolPolicy): readonly string[] {
  switch (event.kind) {
    case 'measured':
    case 'resumed':
    case 'ordered':
    case 'asked':
    case 'answered':
    case 'run-started':
    case 'run-ended':
    case 'run-busy':
    case 'restore-ended':
    case 'consulted':
      return [event.node];
    case 'read':
      return Object.keys(event.nodes).filter((name) => policy.nodes[name] !== undefined);
    case 'observing':
      return unmeasuredNow(state, new Set(event.nodes));
    case 'stalled':
    case 'replanned':
      return Object.keys(state.nodes);
    case 'unreadable':
    case 'time':
    case 'pauses':
    case 'pool-resumed':
      return Object.keys(state.nodes).filter((name) => !isQuiet(state.nodes[name]));
  }
}

/** Nodes of which there are results, or a fault, and which are not measured any more. */
function unmeasuredNow(state: PoolState, measured: ReadonlySet<string>): readonly string[] {
  return Object.entries(state.nodes).flatMap(([name, { fault, checks }]) =>
    measured.has(name) || (fault === null && Object.keys(checks).length === 0) ? [] : [name],
  );
}

/** Nothing of the node depends on time passing. */
function isQuiet(node: NodeState | undefined): boolean {
  return node === undefined || (node.fault === null && node.attempts === 0 && node.warmUntil === null);
}

function occasionOf(event: PoolEvent): Occasion {
  return event.kind === 'read' || event.kind === 'unreadable' || event.kind === 'consulted' ? event.kind : 'other';
}

function stepFor(turn: Turn, node: NodeState, event: PoolEvent): Step {
  switch (event.kind) {
    case 'measured':
      return afterMeasurement(turn, node, event);
    case 'read': {
      const read = event.nodes[turn.name];
      return read === undefined ? still(node) : afterReading(turn, node, read, event.begunAt);
    }
    case 'stalled':
      return still(withoutOldResults(node));
    case 'observing':
      return unobserved(turn, node);
    case 'resumed':
      return resumed(turn, node);
    case 'ordered':
      return afterOrder(turn, node, event.vm);
    case 'asked':
      return afterAsking(turn, node, event.run);
    case 'answered':
      return afterAnswer(turn, node, event);
    case 'run-started':
      return still(withFault(node, { course: startedCourse(node, event.run) }));
    case 'run-ended':
      // An approval is for one rebuild.
      return afterRun(turn, withFault(node, { approval: null }), event);
    case 'restore-ended':
      return afterRestore(turn, node, event);
    case 'run-busy':
      return wait(turn, node, node.fault?.course.kind === 'restoring' ? 'restore' : 'busy', turn.policy.staggerMs);
    case 'consulted':
      return afterConsultation(turn, node, event.consultation);
    case 'unreadable':
    case 'time':
    case 'pauses':
    case 'pool-resumed':
    case 'replanned':
      return still(node);
  }
}

function startedCourse({ fault }: NodeState, run: string): Course {
  return fault?.course.kind === 'restoring' ? { ...fault.course, run } : { kind: 'running', run };
}

/** An operator's word: attempts are forgotten, and what was given up or held is tried again. */
function resumed(turn: Turn, node: NodeState): Step {
  const isRejected = node.fault?.approval?.answer === 'rejected';
  const next: NodeState = {
    ...(isRejected ? withFault(node, { approval: null }) : node),
    attempts: 0,
    lastAttemptAt: null,
  };
  const { fault } = node;
  if (fault === null || (fault.course.kind !== 'exhausted' && fault.course.kind !== 'held')) return still(next);
  const acted = fault.acted.filter((each) => !each.startsWith('gate:'));
  return {
    node: withFault(next, { acted, course: { kind: 'watching' } }),
    effects: [record(turn, 'fault.resumed')],
  };
}

/** What only time decides: attempts are forgotten after a stable time. */
function settled({ now, policy }: Turn, node: NodeState): NodeState {
  const { fault, attempts, lastAttemptAt } = node;
  if (fault !== null || attempts === 0 || lastAttemptAt === null) return node;
  return now - lastAttemptAt < policy.stabilityWindowMs ? node : { ...node, attempts: 0, lastAttemptAt: null };
}

/** The policy is another one: new nodes begin, removed ones end, checks that are gone count no more. */
function replanned(state: PoolState, policy: PoolPolicy, now: number): Decision<PoolState> {
  const effects: Effect[] = [];
  const nodes: Record<string, NodeState> = {};
  for (const name of Object.keys(policy.nodes)) {
    const turn: Turn = { name, pool: state, policy, now };
    const before = state.nodes[name] ?? blankNode(policy, now);
    const kept = Object.entries(before.checks).filter(([check]) => nodePolicy(turn).checks[check] !== undefined);
    const step = afterGoodVerdict(turn, { ...before, checks: Object.fromEntries(kept) });
    nodes[name] = step.node;
    effects.push(
      ...memoryEffects(turn, before, step.node),
      ...step.effects,
      ...unaskEffects(turn, before, step.node, { kind: 'replanned' }),
      ...transitionEffects(turn, before, step.node),
    );
  }
  for (const [name, node] of Object.entries(state.nodes)) {
    if (policy.nodes[name] !== undefined || node.fault === null) continue;
    const turn: Turn = { name, pool: state, policy, now };
    const step = closed(turn, node, 'removed');
    effects.push(
      ...memoryEffects(turn, node, step.node),
      ...step.effects,
      ...unaskEffects(turn, node, step.node, { kind: 'replanned' }),
    );
  }
  return { state: { ...state, nodes }, effects: inOrder(effects) };
}

/** The memory of a node, when it is another one than before. */
function memoryEffects(turn: Turn, before: NodeState, after: NodeState): readonly Effect[] {
  if (before === after) return [];
  const memory = memoryOf(turn, after);
  const isSame = JSON.stringify(memory) === JSON.stringify(memoryOf(turn, before));
  return isSame ? [] : [{ kind: 'save', node: turn.name, memory }];
}

/** What has to outlive this process. */
function memoryOf(turn: Turn, node: NodeState): NodeMemory {
  const { vm, fault, attempts, lastAttemptAt } = node;
  const isProven = vm !== null && node.warmUntil === null;
  return { vm, isProven, fault, unhealthy: fault === null ? [] : unhealthyChecks(turn, node), attempts, lastAttemptAt };
}

/** The change of a condition, as people see it. A suspicion is told by its own record. */
function transitionEffects(turn: Turn, before: NodeState, after: NodeState): readonly Effect[] {
  const [from, to] = [conditionOf(turn, before), conditionOf(turn, after)];
  if (keyOf(from) === keyOf(to) || (from.kind === 'suspect' && to.kind === 'suspect')) return [];
  return [record(turn, 'node.state', { from: from.kind, to: to.kind, why: to.why })];
}

function keyOf(condition: Condition): string {
  return condition.kind === 'remediating' ? `remediating by ${condition.by ?? '?'}` : condition.kind;
}

/** What must be on disk first, then what is told, then what is done. */
function inOrder(effects: readonly Effect[]): readonly Effect[] {
  const rank = (effect: Effect): number => (effect.kind === 'save' ? 0 : effect.kind === 'record' ? 1 : 2);
  return effects.toSorted((a, b) => rank(a) - rank(b));
}

/** The next time after `now` at which something follows from time alone; undefined when nothing does. */
export function nextWake(state: PoolState, policy: PoolPolicy, now: number): number | undefined {
  const times = [
    ...Object.values(state.nodes).flatMap((node) => wakesOf(node, policy)),
    ...stormWakes(state, policy),
  ].filter((time) => time > now);
  return times.length === 0 ? undefined : Math.min(...times);
}

function wakesOf({ fault, warmUntil, attempts, lastAttemptAt }: NodeState, policy: PoolPolicy): readonly number[] {
  const stable =
    attempts > 0 && lastAttemptAt !== null && fault === null ? [lastAttemptAt + policy.stabilityWindowMs] : [];
  const warm = warmUntil === null ? [] : [warmUntil];
  if (fault === null) return [...stable, ...warm];
  const { approval, course } = fault;
  const spent = approval !== null && approval.answer !== 'rejected' ? [approval.until] : [];
  return [...spent, ...courseWakes(course)];
}

function courseWakes(course: Course): readonly number[] {
  if (course.kind === 'waiting' || course.kind === 'elsewhere') return [course.until];
  if (course.kind === 'looking') return [course.askedAt + lookWithinMs];
  return course.kind === 'held' && course.until !== null ? [course.until] : [];
}
