/*
 * What a controller gathers just before it acts on a node: the views of others, a fresh probe by another path, and what it knows of
 * itself. Ages and latencies are milliseconds; no clocks of two machines are compared.
 */

/** What one observer says of a node. `silent`: no usable answer within the deadline; it is neither for nor against. */
export interface Vote {
  readonly observer: string;
  /** The name of the controller that spoke, where it is not the observer's: a witness is known by its address. */
  readonly controller?: string;
  readonly answer: 'unhealthy' | 'healthy' | 'unknown' | 'silent';
  /** The checks that fail there, by name. Absent when it did not say. */
  readonly failing?: readonly string[];
  /** Instance uuid of the VM that its answer is about; null when it knows none. */
  readonly subject: string | null;
  /** How old the oldest result is that the answer rests on; null when there is none. */
  readonly ageMs: number | null;
  /** Whether the observer trusts itself: it reads vCenter, and did not stand still. */
  readonly isTrusted: boolean;
  readonly latencyMs: number | null;
  /** Why it is silent or not usable. */
  readonly detail: string;
  /** What keeps that controller itself from rebuilding the node, and is meant for the whole pool. Absent in what an earlier version recorded. */
  readonly holds?: readonly PeerHold[];
}

/**
 * One controller is one voice for a rebuild, whatever addresses lead to it, and whoever asks has its own already. What speaks against one is
 * heard each time, a sign of life as well as what holds: a witness that goes by another one's name takes nothing from that one.
 */
export function oneVoiceEach(votes: readonly Vote[], asker: string): readonly Vote[] {
  const heard = new Set([asker]);
  return votes.map((vote) => {
    const speaker = vote.controller ?? vote.observer;
    if (vote.answer === 'silent' || vote.answer === 'healthy') return vote;
    if (heard.has(speaker)) {
      const silent = silentVote(vote.observer, `${speaker} answers there, who is heard already`, vote.latencyMs);
      return vote.holds === undefined ? silent : { ...silent, holds: vote.holds };
    }
    heard.add(speaker);
    return vote;
  });
}

/** The vote of an observer that cannot be asked, or that is not heard. */
export function silentVote(observer: string, detail: string, latencyMs: number | null = null): Vote {
  return { observer, answer: 'silent', subject: null, ageMs: null, isTrusted: false, latencyMs, detail };
}

/** A gate of a peer that holds for everybody: a pause, the hour's rebuilds, the storm brake. */
export interface PeerHold {
  /** One of `sharedGates`, or another one that a later version has. */
  readonly gate: string;
  readonly message: string;
}

/** Gates that each controller knows of by itself, and that are meant for the whole pool. */
export const sharedGates = ['paused', 'max_per_hour', 'storm'] as const;

/** A fresh probe, made by this controller by another path than the checks where there is one. */
export interface Confirmation {
  readonly status: 'failed' | 'ok' | 'unknown';
  readonly detail: string;
}

/** What this controller knows of itself. */
export interface SelfFacts {
  /** The longest time that its event loop was held up lately. */
  readonly loopLagMs: number;
  /** When it stood still last (a stall, a suspension): so long ago. Null: not since it started. */
  readonly stalledAgoMs: number | null;
  /** Free bytes where the journal lies; null when that cannot be told. */
  readonly freeBytes: number | null;
  /** A configured witness address answered; null when none is configured. */
  readonly isWitnessReached: boolean | null;
}

/** All of it, for one node, at one moment. */
export interface Consultation {
  readonly votes: readonly Vote[];
  readonly confirmation: Confirmation;
  readonly self: SelfFacts;
  /** Why the pool's image or configuration is being changed just now; null when it is not. */
  readonly rollout: string | null;
}
