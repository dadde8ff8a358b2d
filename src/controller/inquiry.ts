import { nodeSettings } from '../config/node-settings.ts';
import type { SelfWatch } from '../monitor/self-watch.ts';
import { confirmFailure, wordOf } from '../monitor/confirm.ts';
import type { Probes } from '../monitor/probes/probes.ts';
import { probeSshBanner } from '../monitor/probes/ssh-banner.ts';
import { askVotes } from '../peers/all-votes.ts';
import { askAll, type ControllerReply } from '../peers/all-controllers.ts';
import { askMembership, askPeer, portOf, type Peer } from '../peers/client.ts';
import { askNotices } from '../peers/notices.ts';
import { isOwnAddress } from '../peers/own-address.ts';
import { witnessAddress } from '../peers/vote.ts';
import { isAtWork } from '../pool/act-gates.ts';
import type { Confirmation, SelfFacts, Vote } from '../pool/consultation.ts';
import type { PoolState } from '../pool/node-state.ts';
import type { PeerNotices } from '../pool/notice.ts';
import { isObserverOf, observersOf } from '../pool/observers.ts';
import type { Inquiries } from '../remediation/consultations.ts';
import { isImageIncomplete } from '../remediation/image.ts';
import type { Targets } from '../remediation/targets.ts';
import type { LiveConfig } from './live-config.ts';

export interface InquiryParts {
  readonly live: LiveConfig;
  readonly targets: Targets;
  readonly self: SelfWatch;
  readonly probes: () => Probes;
  readonly state: () => PoolState;
  /** Why the members of the pool are in dispute; null when they are not. */
  readonly dispute: () => string | null;
}

/** A thousand nodes with a few checks each. */
const maxReportBytes = 4 * 1024 * 1024;

interface Witness {
  readonly text: string;
  readonly host: string;
  readonly port: number;
}

/** What is asked before an act: the other observers and the witnesses, the machine itself, and the node once more by another path. */
export class Inquiry implements Inquiries {
  readonly #parts: InquiryParts;

  constructor(parts: InquiryParts) {
    this.#parts = parts;
  }

  /** In a large pool each node is observed by a few; an admin host observes all. */
  observes(node: string): boolean {
    const { self } = this.#parts.live.identity;
    return self === null || isObserverOf(self, node, this.#parts.live.nodes, (name) => this.#isAtWork(name));
  }

  /** Every other node whose address is known. */
  peers(): readonly Peer[] {
    const { live, targets } = this.#parts;
    const { self } = live.identity;
    return [...targets.addresses()].flatMap(([name, address]) => (name === self ? [] : [{ name, address }]));
  }

  /** The list of members that a peer goes by. */
  readonly askMembership = async (peer: Peer): ReturnType<typeof askMembership> => {
    const { live } = this.#parts;
    const token = await live.token();
    if (token === null) return { kind: 'silent', reason: 'http.token is not set here' };
    return askMembership(peer, { port: portOf(live.config.http.listen), token, trust: live.trust });
  };

  /** What every other controller of the pool says of it. */
  async controllers(): Promise<readonly ControllerReply[]> {
    const { live, targets } = this.#parts;
    const addresses = targets.addresses();
    const access = { port: portOf(live.config.http.listen), token: null, trust: live.trust, maxBytes: maxReportBytes };
    return askAll({
      controllers: live.nodes
        .filter((name) => name !== live.identity.self)
        .map((name) => ({ name, address: addresses.get(name) })),
      ask: async (peer, deadlineMs) => askPeer(peer, '/v1/status', { ...access, deadlineMs }),
      nowMs: () => performance.now(),
    });
  }

  /** What the peers and witnesses tell people of. Who is silent is left out. */
  async notices(): Promise<readonly PeerNotices[]> {
    const { live } = this.#parts;
    const token = await live.token();
    if (token === null) return [];
    const port = portOf(live.config.http.listen);
    const answers = await Promise.all([
      ...this.peers().map((peer) => askNotices(peer, { port, token, trust: live.trust })),
      ...this.#witnesses().map(({ text: name, host: address, port: at }) =>
        askNotices({ name, address }, { port: at, token, trust: live.trust, isNamed: true }),
      ),
    ]);
    return answers.filter((answer) => answer !== undefined);
  }

  /** The nodes that see the same of a node as this controller does, and that it sees no fault of; null: of the pool. */
  candidates(node: string | null): readonly string[] {
    const { nodes } = this.#parts.state();
    const observers = node === null ? this.#parts.live.nodes : this.#observersOf(node);
    return observers.filter((name) => nodes[name]?.fault === null);
  }

  /** Of every other observer of the node, and of every witness. */
  async votes(node: string): Promise<readonly Vote[]> {
    const { live, targets } = this.#parts;
    return askVotes({
      node,
      asker: live.identity.builder,
      observers: this.#observersOf(node).filter((name) => name !== live.identity.self),
      witnesses: live.config.safety.witnesses,
      addresses: targets.addresses(),
      listen: live.config.http.listen,
      // Without it nobody can be asked, and everybody is silent.
      token: await live.token().catch(() => null),
      trust: live.trust,
    });
  }

  async confirm(node: string, deciding?: readonly string[]): Promise<Confirmation> {
    const { live, targets, state, probes } = this.#parts;
    const { checks, ssh } = nodeSettings(live.config, node);
    const read = state().nodes[node]?.read?.found;
    return confirmFailure(checks, targets.of(node, state()), {
      probes: probes(),
      sshd: (address, timeoutMs) => probeSshBanner(address, ssh.port, timeoutMs),
      word: wordOf(read),
      deciding,
    });
  }

  async self(): Promise<SelfFacts> {
    const { config } = this.#parts.live;
    // A witness that acts reaches itself, which proves nothing.
    const others = this.#witnesses().filter((witness) => !isOwnAddress(witness, config.http.listen));
    return this.#parts.self.facts(config.state_dir, others);
  }

  /** Why nothing should be built just now: the image is being copied, or the members of the pool are in dispute. */
  async rollout(): Promise<string | null> {
    if (await isImageIncomplete(this.#parts.live.config.image.ovf))
      return 'the image on this machine is under construction';
    const dispute = this.#parts.dispute();
    return dispute === null ? null : `the members of the pool are in dispute: ${dispute}`;
  }

  #observersOf(node: string): readonly string[] {
    return observersOf(node, this.#parts.live.nodes, (name) => this.#isAtWork(name));
  }

  #isAtWork(node: string): boolean {
    return isAtWork(this.#parts.state().nodes[node]);
  }

  #witnesses(): readonly Witness[] {
    const port = portOf(this.#parts.live.config.http.listen);
    return this.#parts.live.config.safety.witnesses.map((text) => ({ text, ...witnessAddress(text, port) }));
  }
}
