import PQueue from 'p-queue';
import type { LoadedMembership } from '../config/effective.ts';
import { readMembership, writeMembership } from '../config/membership-file.ts';
import { changeBetween, digestOf, type MembershipRecord } from '../config/membership.ts';
import type { MembershipReport } from '../pool/report.ts';
import type { Peer, PeerReply } from './client.ts';
import { objectionTo, PeerRecords, type PeerRecord } from './peer-record.ts';
import { describeConflict, merge, publicationOf, type Conflict } from './membership.ts';

/** What the keeper is handed. */
export interface KeeperParts {
  readonly stateDir: string;
  /** Name of this controller. */
  readonly builder: string;
  /** The membership of the configuration that was loaded last. */
  readonly loaded: () => LoadedMembership;
  /** The other controllers whose address is known. */
  readonly peers: () => readonly Peer[];
  readonly ask: (peer: Peer) => Promise<PeerReply>;
  readonly now: () => Date;
  /** Appends an event: `membership.published|adopted|overruled|conflict|agreed|refused|failed`. */
  readonly journal: (type: string, data: Readonly<Record<string, unknown>>) => void;
  /** Another list of nodes holds, and is on disk: load the configuration again. May call `publishIfEdited`. */
  readonly onAdopted: (record: MembershipRecord) => void | Promise<void>;
  /** The conflict that exists now; null when it has ended. Called when that changes. */
  readonly onConflict: (conflict: Conflict | null) => void;
}

/** What an exchange with all peers came to. */
export interface Exchange {
  readonly asked: number;
  readonly answered: number;
  /** The record that holds since, when it is another one than before. */
  readonly adopted: MembershipRecord | null;
  readonly conflict: Conflict | null;
}

interface Reply {
  readonly peer: string;
  readonly said: PeerRecord;
}

const atOnce = 16;

/**
 * Keeps this controller's record of the membership: publishes what was edited in regrow.yml, and adopts what others published.
 * What is on disk is the truth, and is read each time; in memory is only what was heard.
 */
export class MembershipKeeper {
  readonly #parts: KeeperParts;
  /** Changes of the record, one at a time. */
  readonly #changes = new PQueue({ concurrency: 1 });
  readonly #answers = new PeerRecords();
  #exchanging: Promise<Exchange> | undefined;
  #record: MembershipRecord | null = null;
  /** The greatest version that was heard of, usable here or not. */
  #known = 0;
  /** The records of peers that are newer than the own one, or as new with other nodes. */
  readonly #others = new Map<string, MembershipRecord>();
  #conflict: Conflict | null = null;
  /** What was journalled last of each peer and of the disk, so that a lasting trouble is journalled once. */
  readonly #told = new Map<string, string>();

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** The record that peers get; null before the first `publishIfEdited`. */
  get record(): MembershipRecord | null {
    return this.#record;
  }

  get report(): MembershipReport {
    return {
      version: this.#record?.version ?? 0,
      by: this.#record?.by ?? null,
      conflict: this.#conflict === null ? null : describeConflict(this.#conflict),
    };
  }

  /** To be called after each loading of the configuration. */
  async publishIfEdited(): Promise<void> {
    const followed = await this.#changes.add(() => this.#followFile());
    if (followed?.isOverruled) await this.#parts.onAdopted(followed.record);
  }

  /** Asks all peers once and adopts the newest record. A second call while one runs joins it. */
  async exchange(): Promise<Exchange> {
    this.#exchanging ??= this.#exchangeOnce().finally(() => (this.#exchanging = undefined));
    return this.#exchanging;
  }

  async #exchangeOnce(): Promise<Exchange> {
    const { builder, ask, loaded, onAdopted } = this.#parts;
    const peers = this.#parts.peers().filter(({ name }) => name !== builder);
    this.#answers.startRound();
    const asking = new PQueue({ concurrency: atOnce });
    const replies = await asking.addAll(
      peers.map((peer) => async (): Promise<Reply> => {
        // Read here, one by one, so that a large pool does not hold up everything else at the end.
        return { peer: peer.name, said: this.#answers.read(await ask(peer), loaded().file.pool) };
      }),
    );
    const adopted = await this.#changes.add(() => this.#weigh(replies));
    // Outside the queue: whoever loads the configuration again comes back with `publishIfEdited`.
    if (adopted !== null) await onAdopted(adopted);
    const answered = replies.filter(({ said }) => said.kind === 'record').length;
    return { asked: peers.length, answered, adopted, conflict: this.#conflict };
  }

  /** Brings the record in line with regrow.yml. Null when it could not be written. */
  async #followFile(): Promise<{ readonly record: MembershipRecord; readonly isOverruled: boolean } | null> {
    const { stateDir, builder, now } = this.#parts;
    const { file } = this.#parts.loaded();
    const stored = await readMembership(stateDir);
    this.#tell(
      'disk',
      stored.problem === null ? null : { type: 'membership.failed', data: { reason: stored.problem } },
    );
    const own = stored.record?.pool === file.pool ? stored.record : null;
    const publication = publicationOf(own, file, { by: builder, at: now().toISOString(), known: this.#known });
    if (publication.kind !== 'unchanged' && !(await this.#write(publication.record))) return null;
    const { kind, record } = publication;
    const before = own?.nodes ?? [];
    if (kind === 'published') {
      this.#parts.journal('membership.published', { version: record.version, ...changeBetween(before, record.nodes) });
    }
    if (kind === 'overruled') {
      this.#parts.journal('membership.overruled', { version: record.version, ...changeBetween(file.nodes, before) });
    }
    this.#setRecord(record);
    return { record, isOverruled: kind === 'overruled' };
  }

  /** A newer version than all that were known ends a conflict. */
  #setRecord(record: MembershipRecord): void {
    this.#record = record;
    for (const [peer, other] of this.#others) if (other.version < record.version) this.#others.delete(peer);
    if (this.#conflict !== null && record.version > this.#conflict.version) this.#setConflict(null);
  }

  /** Gives the record that holds from now on, when that is another one than before. */
  async #weigh(replies: readonly Reply[]): Promise<MembershipRecord | null> {
    const followed = await this.#followFile();
    if (followed === null) return null;
    const own = followed.record;
    this.#takeIn(replies, own);
    const merged = merge(own, [...this.#others.values()]);
    const adopted = merged.kind === 'adopt' ? await this.#adopt(merged.record, own) : null;
    if (merged.kind !== 'adopt') this.#setConflict(merged.kind === 'conflict' ? merged.conflict : null);
    return adopted ?? (followed.isOverruled ? own : null);
  }

  /** Keeps of each peer what could change the own record. What a silent peer said before still counts. */
  #takeIn(replies: readonly Reply[], own: MembershipRecord): void {
    const ownDigest = digestOf(own.nodes);
    const objections = new Map<string, string | null>();
    const objectionOf = (record: MembershipRecord, digest: string): string | null => {
      const key = `${record.version} ${digest}`;
      if (digest === ownDigest) return null;
      if (!objections.has(key)) objections.set(key, objectionTo(record, own, this.#parts.loaded()));
      return objections.get(key) ?? null;
    };
    for (const { peer, said } of replies) {
      if (said.kind === 'unheard') continue;
      this.#others.delete(peer);
      let reason = said.kind === 'refused' ? said.reason : null;
      if (said.kind === 'record') {
        const { record, digest } = said;
        this.#known = Math.max(this.#known, record.version);
        const isNews = record.version > own.version || (record.version === own.version && digest !== ownDigest);
        if (isNews) reason = objectionOf(record, digest);
        if (isNews && reason === null) this.#others.set(peer, record);
      }
      this.#tell(`peer ${peer}`, reason === null ? null : { type: 'membership.refused', data: { peer, reason } });
    }
  }

  async #adopt(record: MembershipRecord, own: MembershipRecord): Promise<MembershipRecord | null> {
    const adopted = { ...record, basis: own.basis };
    if (!(await this.#write(adopted))) return null;
    this.#setRecord(adopted);
    const { version, by, nodes } = adopted;
    this.#parts.journal('membership.adopted', { version, by, ...changeBetween(own.nodes, nodes) });
    return adopted;
  }

  async #write(record: MembershipRecord): Promise<boolean> {
    try {
      await writeMembership(this.#parts.stateDir, record);
      this.#tell('write', null);
      return true;
    } catch (error) {
      const reason = `the record of the membership cannot be written: ${error instanceof Error ? error.message : String(error)}`;
      this.#tell('write', { type: 'membership.failed', data: { reason } });
      return false;
    }
  }

  #setConflict(conflict: Conflict | null): void {
    const key = (each: Conflict | null): string => `${each?.version} ${each?.sides.map(({ digest }) => digest).join()}`;
    if (key(conflict) === key(this.#conflict)) return;
    this.#conflict = conflict;
    if (conflict === null) this.#parts.journal('membership.agreed', { version: this.#record?.version ?? 0 });
    else this.#parts.journal('membership.conflict', { version: conflict.version, text: describeConflict(conflict) });
    this.#parts.onConflict(conflict);
  }

  #tell(
    about: string,
    event: { readonly type: string; readonly data: Readonly<Record<string, unknown>> } | null,
  ): void {
    const text = JSON.stringify(event);
    if (event === null) this.#told.delete(about);
    else if (this.#told.get(about) !== text) this.#parts.journal(event.type, event.data);
    if (event !== null) this.#told.set(about, text);
  }
}
