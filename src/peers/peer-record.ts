import type { LoadedMembership } from '../config/effective.ts';
import { digestOf, parseRecord, programsIn, type MembershipRecord } from '../config/membership.ts';
import type { PeerReply } from './client.ts';

/** A peer's record, or why there is none. `unheard` tells nothing of what the peer holds. */
export type PeerRecord =
  | { readonly kind: 'unheard' }
  | { readonly kind: 'record'; readonly record: MembershipRecord; readonly digest: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** Reads what peers answer, which may be hostile. */
export class PeerRecords {
  #lastRound = new Map<string, PeerRecord>();
  #thisRound = new Map<string, PeerRecord>();

  /** A new round of asking begins. */
  startRound(): void {
    this.#lastRound = this.#thisRound;
    this.#thisRound = new Map();
  }

  /** What a peer's reply holds for a pool of that name. */
  read(reply: PeerReply, pool: string): PeerRecord {
    switch (reply.kind) {
      case 'silent':
        return { kind: 'unheard' };
      case 'bad':
        return refused(reply.reason);
      case 'refused':
        return refused(`it answered HTTP ${reply.status}: see that all controllers have the same http.token`);
      case 'answered': {
        const read = this.#parse(reply.text);
        const isOther = read.kind === 'record' && read.record.pool !== pool;
        return isOther ? refused('its record is of another pool') : read;
      }
    }
  }

  /** In a pool at rest most answers are alike, and are so in the next round: each text is parsed once. */
  #parse(text: string): PeerRecord {
    const read = this.#thisRound.get(text) ?? this.#lastRound.get(text) ?? parse(text);
    this.#thisRound.set(text, read);
    return read;
  }
}

function parse(text: string): PeerRecord {
  const parsed = parseRecord(text);
  if (!parsed.ok) return refused(`its record cannot be used: ${parsed.reason}`);
  return { kind: 'record', record: parsed.record, digest: digestOf(parsed.record.nodes) };
}

function refused(reason: string): PeerRecord {
  return { kind: 'refused', reason };
}

/**
 * Why another's record must not hold on this machine; null: it may. Its nodes have to fit this machine's regrow.yml. And a list of
 * nodes from the network brings no program to run, and no file whose content goes into a VM: a node's own check may change times and
 * thresholds, while commands, playbooks, what they are given, and files of secrets have to be in this machine's regrow.yml already.
 */
export function objectionTo(
  { version, nodes }: MembershipRecord,
  own: MembershipRecord,
  { misfit, programs }: Pick<LoadedMembership, 'misfit' | 'programs'>,
): string | null {
  const problem = misfit(nodes);
  if (problem !== null) return `version ${version} does not fit this machine's regrow.yml: ${problem}`;
  const ours = new Set([...programs, ...programsIn(own.nodes)]);
  const foreign = [...programsIn(nodes)].find((program) => !ours.has(program));
  if (foreign === undefined) return null;
  return `version ${version} brings a program or a secret's file that is not in this machine's regrow.yml: ${foreign.slice(0, 100)}`;
}
