import { approvalText, isApproved } from './approval.ts';
import { sharedGates, type Consultation, type PeerHold } from './consultation.ts';
import { holdsAgainst, type GateResult } from './gates.ts';
import type { NodeState } from './node-state.ts';
import type { OrderTrigger } from './order.ts';
import { quorumOf, type QuorumResult } from './quorum.ts';
import { isFresh, isStale, nodePolicy, type Turn } from './turn.ts';
import { isFullMesh, isObserverOf, observersOf } from './observers.ts';
import { leadsToRebuild, modeOf } from './policy.ts';
import { isFailing, unmeasured } from './check-state.ts';
import { votesForRebuild } from './deciding-checks.ts';

/*
 * The gates before a rebuild that this controller orders by itself, in their order. Each is a pure function of what is known; what
 * is not known holds (closed) or passes (open), as docs/safety.md says of each. Those in vCenter are asked by the playbook.
 */

/** What is judged: a node with a fault, and what was gathered for it. */
export interface ActCase {
  readonly turn: Turn;
  readonly node: NodeState;
  readonly consultation: Consultation;
  /** It was ordered from outside. By a person, that is the approval. What is named in `force` holds nothing up. */
  readonly order?: HandOrder | undefined;
}

/** An order, as far as gates look at it. */
export interface HandOrder {
  /** Absent: a person's. */
  readonly trigger?: OrderTrigger | undefined;
  readonly isDryRun: boolean;
  readonly force: readonly string[];
}

type Answer = Omit<GateResult, 'gate'>;

/** Free space under which this controller does not trust itself to finish what it begins, in bytes. */
const leastFreeBytes = 50 * 1024 * 1024;
/** An event loop that was held up for longer than this makes late, old judgements. */
const longestLagMs = 2_000;
const hourMs = 60 * 60_000;

/** Gates that need nothing but this controller's own state; asked again at every event while one of them holds. */
const standing: Readonly<Record<string, (turn: Turn, node: NodeState) => Answer>> = {
  max_unhealthy: maxUnhealthy,
  max_concurrent: maxConcurrent,
  max_per_hour: maxPerHour,
  storm: stormBrake,
};

/** Gates that need what was gathered just now. */
const consulted: Readonly<Record<string, (given: ActCase) => Answer>> = {
  self_trust: selfTrust,
  cliff,
  eligibility,
  heartbeat,
  quorum,
  peer_hold: peerHold,
  rollout,
  confirm,
};

/** Gates that are asked afresh only with a fresh look. */
export const consultedGates: readonly string[] = Object.keys(consulted);

/** The standing gates: pauses and modes, then the budget. */
export function standingGates(turn: Turn, node: NodeState, order?: HandOrder): readonly GateResult[] {
  const { name, policy, pool } = turn;
  const holds = holdsAgainst({
    node: name,
    self: policy.self,
    isTakenOut: policy.isTakenOut,
    pauses: pool.pauses,
    mode: order?.isDryRun === true ? 'act' : modeOf(policy, name),
    byHand: (order !== undefined && order.trigger !== 'monit') || isApproved(turn, node),
    force: order?.force ?? [],
  });
  const own = holds.map(({ gate, message }): GateResult => {
    const words = gate === 'approval' ? approvalText(turn, node) : message;
    return { gate, holds: true, message: words, facts: {} };
  });
  const others = Object.entries(standing).map(([gate, ask]) => ({ gate, ...ask(turn, node) }));
  return [...own, ...others.map((result) => overridden(result, order))];
}

/** A gate that a person overrides says so, with what it would have said. */
function overridden(result: GateResult, order: HandOrder | undefined): GateResult {
  if (!result.holds || order?.force.includes(result.gate) !== true) return result;
  return { ...result, holds: false, message: `overridden by hand; it says: ${result.message}` };
}

/** Every gate, in order. */
export function allGates(given: ActCase): readonly GateResult[] {
  return [
    ...standingGates(given.turn, given.node, given.order),
    ...Object.entries(consulted).map(([gate, ask]) => overridden({ gate, ...ask(given) }, given.order)),
  ];
}

/** This controller reads vCenter, is not held up, has room for its journal, and reaches half of the others or a witness. */
function selfTrust({ turn, node, consultation }: ActCase): Answer {
  const { self, votes } = consultation;
  const answered = votes.filter(({ answer }) => answer !== 'silent').length;
  const isConnected = answered * 2 >= votes.length || self.isWitnessReached === true || isHypervisorsWord(turn, node);
  const troubles = [
    ...(turn.pool.isReadable ? [] : ['vCenter cannot be read']),
    ...(self.loopLagMs > longestLagMs ? [`its event loop was held up for ${Math.round(self.loopLagMs)} ms`] : []),
    ...(self.stalledAgoMs !== null && self.stalledAgoMs < turn.policy.voteFreshMs
      ? ['it stood still a moment ago']
      : []),
    ...(self.freeBytes === null ? ['its free disk space cannot be told'] : []),
    ...(self.freeBytes !== null && self.freeBytes < leastFreeBytes ? ['its disk is full'] : []),
    ...(isConnected ? [] : [`${answered} of ${votes.length} other observers answer it, and no witness`]),
  ];
  const message =
    troubles.length === 0
      ? 'this controller trusts itself'
      : `this controller may be the sick one: ${troubles.join(', ')}`;
  return { holds: troubles.length > 0, message, facts: { ...self, answered, asked: votes.length } };
}

/** So many nodes lost at once: the observer is at fault, until another one confirms what it sees. */
function cliff({ turn, node, consultation }: ActCase): Answer {
  const { policy, pool } = turn;
  const openedAt = node.fault?.openedAt ?? turn.now;
  const nodes = seenNodes(turn);
  const lost = nodes.filter((name) => {
    const fault = name === turn.name ? node.fault : (pool.nodes[name]?.fault ?? null);
    return fault !== null && Math.abs(fault.openedAt - openedAt) <= policy.cliffWindowMs;
  });
  const voices = quorumAnswer({ turn, node, consultation }).agreeing.filter((voice) => voice !== 'self');
  const isCliff = lost.length >= 2 && lost.length >= policy.cliff * nodes.length;
  const seen = `${lost.length} of ${nodes.length} nodes were lost at one time`;
  const facts = { lost, confirmed_by: voices };
  if (!isCliff) return { holds: false, message: seen, facts };
  return voices.length === 0
    ? { holds: true, message: `${seen}, and nobody else sees it`, facts }
    : { holds: false, message: `${seen}, and ${voices.join(', ')} confirms it`, facts };
}

/** What vCenter's reading says of the VM. The playbook asks again, under its claim. */
function eligibility({ turn, node }: ActCase): Answer {
  const found = node.read?.found;
  const facts = { found: found ?? null };
  if (found === undefined || !isFresh(turn, node))
    return { holds: true, message: 'vCenter was not read lately', facts };
  if (found.kind === 'ambiguous')
    return { holds: true, message: 'more than one VM has the name, or none can be told from another', facts };
  if (found.kind === 'absent') return { holds: false, message: 'vCenter has no VM of the name', facts };
  if (found.mark === 'none')
    return { holds: true, message: `${found.vm.moid} carries no certifying note of this pool`, facts };
  if (found.connection !== 'connected') {
    const state = found.connection ?? 'perhaps not connected: vCenter does not say';
    return { holds: true, message: `the host of ${found.vm.moid} is ${state}: it cannot be fenced`, facts };
  }
  return {
    holds: false,
    message: `${found.vm.moid} is ${found.mark === 'building' ? 'half built' : 'certified'}`,
    facts,
  };
}

/** A green heartbeat is evidence of life; gray and red prove nothing. */
function heartbeat({ turn, node }: ActCase): Answer {
  const found = node.read?.found;
  const beat = found?.kind === 'vm' ? found.heartbeat : null;
  const failing = failingChecks(turn, node);
  const isIgnored = failing.some((name) => nodePolicy(turn).checks[name]?.ignoresHeartbeat === true);
  const facts = { heartbeat: beat, ignored: isIgnored };
  if (beat !== 'green')
    return { holds: false, message: `the heartbeat is ${beat ?? 'not known'}, which proves nothing`, facts };
  if (found?.kind === 'vm' && found.mark === 'building')
    return { holds: false, message: 'the VM is half built', facts };
  return isIgnored
    ? { holds: false, message: 'the heartbeat is green, and the failing check does not care', facts }
    : { holds: true, message: 'VMware Tools report a green heartbeat: the guest lives', facts };
}

/** Enough observers agree, and none sees it alive. */
function quorum(given: ActCase): Answer {
  const result = quorumAnswer(given);
  const facts = { ...result, votes: given.consultation.votes };
  if (isLeftHalfBuilt(given.node) && result.vetoes.length === 0) return { holds: false, message: onlyHalfBuilt, facts };
  if (result.vetoes.length > 0) return { holds: true, message: `${result.vetoes.join(', ')} sees it alive`, facts };
  const voices = `${result.agreeing.length} of ${result.needed} voices needed agree (${result.agreeing.join(', ')})`;
  const missing = result.without.length === 0 ? '' : `; nothing usable from ${result.without.join(', ')}`;
  return { holds: !result.isReached, message: `${voices}${missing}`, facts };
}

function quorumAnswer({ turn, node, consultation: { votes }, order }: ActCase): QuorumResult {
  const { policy, pool } = turn;
  const observers = observersOf(turn.name, Object.keys(policy.nodes), (name) => isAtWork(pool.nodes[name]));
  const nodes = Object.keys(policy.nodes);
  const voices = isFullMesh(nodes) ? nodes : observers;
  const mine = voices.includes(policy.self ?? '') ? 0 : 1;
  return quorumOf({
    subject: node.fault?.vm?.instanceUuid ?? null,
    electorate: voices.length + mine + policy.witnesses,
    // Who orders a rebuild is past what is to be restored first.
    votes: order === undefined ? votesForRebuild(turn, node, votes) : votes,
    isHypervisorsWord: isHypervisorsWord(turn, node),
    quorum: policy.quorum,
    voteFreshMs: policy.voteFreshMs,
  });
}

const onlyHalfBuilt = 'a rebuild was left behind, and nothing but what it built carries the name';

/**
 * Nothing that lives has the name: what was left half done is taken over by the protocol's own rules, and nobody measures it. With a
 * claim and no VM, controllers that are younger than the fault know of no VM that they could speak of.
 */
function isLeftHalfBuilt({ fault, read }: NodeState): boolean {
  if (fault?.isAbandoned !== true) return false;
  // Without a judged VM the run takes over and touches no certified one, whatever a reading has left out.
  const isGone = read?.found.kind === 'absent' && fault.vm === null;
  return isGone || (read?.found.kind === 'vm' && read.found.mark === 'building');
}

/** The nodes of which this controller can tell whether they are lost: its own, and those that it observes. */
function seenNodes({ policy, pool }: Turn): readonly string[] {
  const nodes = Object.keys(policy.nodes);
  const { self } = policy;
  if (self === null || isFullMesh(nodes)) return nodes;
  const isAlive = (name: string): boolean => isAtWork(pool.nodes[name]);
  return nodes.filter((name) => name === self || isObserverOf(self, name, nodes, isAlive));
}

/** vCenter shows it at work: certified, on, and its heartbeat not lost. */
export function isAtWork(node: NodeState | undefined): boolean {
  const found = node?.read?.found;
  return found?.kind === 'vm' && found.mark === 'certified' && found.power === 'on' && found.heartbeat !== 'red';
}

function isHypervisorsWord(turn: Turn, node: NodeState): boolean {
  const found = isFresh(turn, node) ? node.read?.found : undefined;
  return found?.kind === 'absent' || (found?.kind === 'vm' && found.power === 'off');
}

/** Any fault, but for one of which only checks are known that lead to no rebuild: what only alerts takes no node from the pool. */
function isLost(turn: Turn, name: string, node: NodeState): boolean {
  const { fault, checks } = node;
  if (fault === null) return false;
  if (fault.isAbandoned || fault.course.kind === 'running' || isHypervisorsWord(turn, node)) return true;
  const unhealthy = Object.entries(turn.policy.nodes[name]?.checks ?? {}).filter(
    ([check]) => checks[check]?.verdict === 'unhealthy',
  );
  return unhealthy.length === 0 || unhealthy.some(([, { action }]) => leadsToRebuild(action));
}

/** No more nodes are unhealthy than the pool may lose; so many at once are no failures of nodes. */
function maxUnhealthy(turn: Turn): Answer {
  const { policy, pool, name } = turn;
  const unhealthy = Object.entries(pool.nodes).flatMap(([other, node]) =>
    other === name || isLost(turn, other, node) ? [other] : [],
  );
  const size = seenNodes(turn).length;
  const most =
    policy.maxUnhealthy === 'minority' ? Math.max(1, Math.ceil(size / 2) - 1) : Math.min(policy.maxUnhealthy, size - 1);
  return {
    holds: unhealthy.length > most,
    message: `${unhealthy.length} of ${size} nodes are unhealthy, at most ${most} may be`,
    facts: { unhealthy, most },
  };
}

/** Rebuilds that this controller runs, and those of others that vCenter shows. What was left behind is no longer under way. */
export function underWay(turn: Omit<Turn, 'name'>): readonly string[] {
  return Object.entries(turn.pool.nodes).flatMap(([name, { fault, read }]) => {
    const pending = read?.pending ?? null;
    const isHalfBuilt = read?.found.kind === 'vm' && read.found.mark === 'building';
    const isOthers = pending === null ? isHalfBuilt : !isStale(turn, pending);
    return fault?.course.kind === 'running' || isOthers ? [name] : [];
  });
}

function maxConcurrent(turn: Turn): Answer {
  const { policy } = turn;
  const running = underWay(turn).filter((other) => other !== turn.name);
  return {
    holds: running.length >= policy.maxConcurrent,
    message: `${running.length} of at most ${policy.maxConcurrent} rebuilds are under way${running.length === 0 ? '' : ` (${running.join(', ')})`}`,
    facts: { running, most: policy.maxConcurrent },
  };
}

/** How many nodes were rebuilt within the last hour, by whomever. `resume` of the pool lets it go on. */
function maxPerHour(turn: Turn): Answer {
  const { policy } = turn;
  const recent = rebuiltLately(turn);
  return {
    holds: recent >= policy.maxPerHour,
    message: `${recent} rebuilds within the last hour, at most ${policy.maxPerHour} may be`,
    facts: { recent, most: policy.maxPerHour },
  };
}

/** Rebuilds within the last hour. */
export function rebuiltLately({ pool, now }: Omit<Turn, 'name'>): number {
  return pool.rebuiltAt.filter((at) => now - at < hourMs).length;
}

/** Rebuilds do not help, or there are far too many: nothing more by itself until a person has looked, or it has been quiet. */
function stormBrake({ pool }: Turn): Answer {
  const { storm } = pool.brake;
  if (storm === null) return { holds: false, message: 'the storm brake is not tripped', facts: {} };
  const message = `the storm brake is tripped: ${storm.reason}; \`regrow resume\` releases it, or a quiet time`;
  return { holds: true, message, facts: { reason: storm.reason } };
}

/**
 * A pause, the hour's rebuilds and the storm brake hold for the whole pool, whichever controller knows of them: one that was just built
 * knows none. What this one knows itself, its own gate says.
 */
function peerHold({ turn, node, consultation, order }: ActCase): Answer {
  const known = new Set([...(order?.force ?? []), ...peerHolds(turn, node).map(({ gate }) => gate)]);
  const tellers = new Map<string, string[]>();
  for (const { observer, holds = [] } of consultation.votes) {
    for (const { message } of holds.filter(({ gate }) => !known.has(gate)))
      tellers.set(message, [...(tellers.get(message) ?? []), observer]);
  }
  const told = [...tellers].map(([message, names]) => `as ${names.join(', ')} has it: ${message}`);
  return {
    holds: told.length > 0,
    message: told.join('; ') || 'no other observer is paused, or its brake tripped',
    facts: { told: Object.fromEntries(tellers) },
  };
}

/** A person's reason may be long; an answer that is too large is silence, and would take the vote and the hold with it. */
const longestMessage = 1_000;

/** What this controller tells the others that it is held by: see `PeerHold`. */
export function peerHolds(turn: Turn, node: NodeState): readonly PeerHold[] {
  const results = standingGates(turn, node);
  return sharedGates.flatMap((gate) =>
    results.flatMap((result) =>
      result.gate === gate && result.holds ? [{ gate, message: result.message.slice(0, longestMessage) }] : [],
    ),
  );
}

/** Nothing is built from an image or a configuration that is being changed. */
function rollout({ consultation }: ActCase): Answer {
  const why = consultation.rollout;
  return { holds: why !== null, message: why ?? 'nothing is being changed', facts: {} };
}

/** The last look: a fresh probe by another path where there is one. */
function confirm({ node, consultation }: ActCase): Answer {
  const { status, detail } = consultation.confirmation;
  if (isLeftHalfBuilt(node) && status !== 'ok') return { holds: false, message: onlyHalfBuilt, facts: { status } };
  const words = { failed: 'confirms the failure', ok: 'finds it alive', unknown: 'could not be made' };
  return { holds: status !== 'failed', message: `a fresh probe ${words[status]}: ${detail}`, facts: { status } };
}

function failingChecks(turn: Turn, node: NodeState): readonly string[] {
  return Object.entries(nodePolicy(turn).checks).flatMap(([name, check]) =>
    leadsToRebuild(check.action) && isFailing(node.checks[name] ?? unmeasured, check) ? [name] : [],
  );
}
