import { nodeNames, nodeSettings } from '../config/node-settings.ts';
import { poolPolicy } from '../config/pool-policy.ts';
import { resolveSecret } from '../config/secret.ts';
import { readTlsFiles } from '../config/tls-files.ts';
import { systemClock } from '../monitor/clock.ts';
import { confirmFailure, wordOf } from '../monitor/confirm.ts';
import { realProbes } from '../monitor/probes/real-probes.ts';
import { probeSshBanner } from '../monitor/probes/ssh-banner.ts';
import { SelfWatch } from '../monitor/self-watch.ts';
import { askVotes } from '../peers/all-votes.ts';
import { portOf } from '../peers/client.ts';
import { witnessAddress } from '../peers/vote.ts';
import { isAtWork } from '../pool/act-gates.ts';
import type { Confirmation, Consultation, SelfFacts, Vote } from '../pool/consultation.ts';
import { decide } from '../pool/decide.ts';
import { initialState, type Fault, type NodeState, type PoolState } from '../pool/node-state.ts';
import { isObserverOf, observersOf } from '../pool/observers.ts';
import type { PoolPolicy } from '../pool/policy.ts';
import { askObservers } from '../remediation/ask-observers.ts';
import type { ControllerParts } from '../remediation/controller-parts.ts';
import { discoverPool } from '../remediation/discover.ts';
import { faultMemory } from '../remediation/fault-memory.ts';
import { isImageIncomplete } from '../remediation/image.ts';
import { monotonicNow } from '../remediation/monotonic.ts';
import { playbookProbe } from '../remediation/node-playbook.ts';
import { ownAttempts } from '../remediation/own-attempts.ts';
import { Targets } from '../remediation/targets.ts';

/**
 * What a daemon would know of its pool, gathered by a process that lives for one order: from the journal, from vCenter, from fresh probes,
 * from the daemons of the others, and where none runs from the others themselves, over SSH.
 */
export class MonitView {
  readonly #parts: ControllerParts;
  readonly #clock = systemClock();
  readonly #self = new SelfWatch(this.#clock);
  readonly #targets: Targets;
  readonly policy: PoolPolicy;
  #state: PoolState;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    const { config, journal, now } = parts;
    this.policy = poolPolicy(config, parts);
    this.#targets = new Targets(journal);
    const memory = faultMemory({
      journal,
      monotonicMs: () => this.#clock.now(),
      now,
      bootId: monotonicNow().bootId,
      nodes: () => nodeNames(config),
    });
    const brake = memory.brake(this.policy.stabilityWindowMs);
    const before = initialState(this.policy, memory.load(), this.nowMs(), { rebuiltAt: memory.rebuiltAt(), brake });
    const pauses = journal.pauses.active(now().toISOString());
    this.#state = decide(before, { kind: 'pauses', pauses }, this.policy, this.nowMs()).state;
  }

  get state(): PoolState {
    return this.#state;
  }

  /** Monotonic milliseconds. */
  nowMs(): number {
    return this.#clock.now();
  }

  stop(): void {
    this.#self.stop();
  }

  /** Reads vCenter. Throws DISCOVERY_FAILED. */
  async read(): Promise<void> {
    const begunAt = this.nowMs();
    const { nodes } = await discoverPool(this.#parts);
    this.#state = decide(this.#state, { kind: 'read', begunAt, nodes }, this.policy, this.nowMs()).state;
    this.#targets.refresh(nodeNames(this.#parts.config));
  }

  /** Counts what this machine has tried of the node, and which of the others do not answer either. */
  async measureOthers(node: string): Promise<void> {
    const names = this.#observed().filter((name) => name !== node && name !== this.#parts.self);
    const found = await Promise.all(names.map(async (name) => [name, await this.#confirm(name)] as const));
    const statuses = new Map(found.map(([name, { status }]) => [name, status]));
    const nodes = Object.entries(this.#state.nodes).map(([name, state]): [string, NodeState] => {
      if (name === node) return [name, this.#tried(name, state)];
      const status = statuses.get(name);
      // A fault that a daemon of yesterday left open is over where the node answers now.
      if (status === 'ok') return [name, { ...state, fault: null }];
      return [name, status === 'failed' ? { ...state, fault: state.fault ?? this.#faultOf(state) } : state];
    });
    this.#state = { ...this.#state, nodes: Object.fromEntries(nodes) };
  }

  /** All that the gates ask for. */
  async consult(node: string): Promise<Consultation> {
    const { config } = this.#parts;
    const [votes, confirmation, self, isIncomplete] = await Promise.all([
      this.#votes(node),
      this.#confirm(node),
      this.#facts(),
      isImageIncomplete(config.image.ovf),
    ]);
    return {
      votes,
      confirmation,
      self,
      rollout: isIncomplete ? 'the image on this machine is under construction' : null,
    };
  }

  /** Daemons are asked first: they know more than one measurement tells. */
  async #votes(node: string): Promise<readonly Vote[]> {
    const { config, env, self } = this.#parts;
    const { token, listen } = config.http;
    const observers = this.#observersOf(node).filter((name) => name !== self);
    const votes = await askVotes({
      node,
      asker: this.#parts.builder,
      observers,
      witnesses: config.safety.witnesses,
      addresses: this.#targets.addresses(),
      listen,
      token: token === null ? null : await resolveSecret(token, env),
      trust: (await readTlsFiles(config.http))?.trust ?? null,
    });
    const silent = votes.filter(({ answer }) => answer === 'silent').map(({ observer }) => observer);
    const { address, subject } = this.#targets.of(node, this.#state);
    const measured = await askObservers(this.#parts, {
      node,
      address,
      subject,
      observers: silent.filter((name) => observers.includes(name)),
    });
    return votes.map((vote) => measured.find(({ observer }) => observer === vote.observer) ?? vote);
  }

  async #confirm(node: string): Promise<Confirmation> {
    const { config, env } = this.#parts;
    const { checks, ssh } = nodeSettings(config, node);
    const found = this.#state.nodes[node]?.read?.found;
    return confirmFailure(checks, this.#targets.of(node, this.#state), {
      probes: realProbes({
        path: env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
        playbook: (check, target) => playbookProbe(this.#parts, check, target),
      }),
      sshd: (address, timeoutMs) => probeSshBanner(address, ssh.port, timeoutMs),
      word: wordOf(found),
    });
  }

  #facts(): Promise<SelfFacts> {
    const { safety, http, state_dir: stateDir } = this.#parts.config;
    const port = portOf(http.listen);
    return this.#self.facts(
      stateDir,
      safety.witnesses.map((text) => witnessAddress(text, port)),
    );
  }

  /** The nodes that this machine is to know of: all of a small pool, and on an admin host. */
  #observed(): readonly string[] {
    const { self, config } = this.#parts;
    return nodeNames(config).filter(
      (name) =>
        self === null || isObserverOf(self, name, nodeNames(config), (each) => isAtWork(this.#state.nodes[each])),
    );
  }

  #observersOf(node: string): readonly string[] {
    const { nodes } = this.#state;
    return observersOf(node, nodeNames(this.#parts.config), (name) => isAtWork(nodes[name]));
  }

  /** Runs of earlier orders stand for what a daemon would remember. */
  #tried(name: string, state: NodeState): NodeState {
    const { journal, now } = this.#parts;
    const since = new Date(now().getTime() - this.policy.stabilityWindowMs).toISOString();
    const { attempts, lastAttemptAt, holds } = ownAttempts(journal, name, since);
    const agoMs = lastAttemptAt === null ? null : Math.max(0, now().getTime() - Date.parse(lastAttemptAt));
    const course = { kind: 'held', holds, until: null, isOurs: false } as const;
    return {
      ...state,
      attempts: Math.max(state.attempts, attempts),
      lastAttemptAt: agoMs === null ? state.lastAttemptAt : this.nowMs() - agoMs,
      fault: holds.length === 0 ? state.fault : { ...(state.fault ?? this.#faultOf(state)), course },
    };
  }

  #faultOf({ vm }: NodeState): Fault {
    const openedAt = this.nowMs();
    const course = { kind: 'watching' } as const;
    return { openedAt, vm, course, acted: [], restores: {}, isAbandoned: false, approval: null, decided: null };
  }
}
