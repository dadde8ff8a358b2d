import type { Confirmation, Consultation, SelfFacts, Vote } from '../pool/consultation.ts';
import type { PoolEvent } from '../pool/events.ts';
import type { Logger } from '../logging.ts';
import type { ConsultOrder } from './reconciler.ts';

/** Whom and what a controller asks before it acts. */
export interface Inquiries {
  /** The other observers of a node, each asked within a deadline; one that cannot be asked is a silent vote. */
  votes(node: string): Promise<readonly Vote[]>;
  /** A fresh probe of the node by these checks (default: all that can lead to a rebuild), by another path where there is one. */
  confirm(node: string, checks?: readonly string[]): Promise<Confirmation>;
  /** What cannot be told of oneself holds as well. */
  self(): Promise<SelfFacts>;
  /** Why image or configuration are being changed; null when they are not. */
  rollout(): Promise<string | null>;
}

export interface ConsultationsParts {
  readonly inquiry: Inquiries;
  tell(event: PoolEvent): void;
  readonly log: Logger;
}

/** Free space that cannot be told is a reason not to trust oneself. */
const nothingKnown: SelfFacts = { loopLagMs: 0, stalledAgoMs: null, freeBytes: null, isWitnessReached: null };

/** Nobody could be asked: that is silence, and not that there is nobody to ask. */
function nobodyAsked(detail: string): Vote {
  return {
    observer: 'the others',
    answer: 'silent',
    subject: null,
    ageMs: null,
    isTrusted: false,
    latencyMs: null,
    detail,
  };
}

/** Gathers what has to be known just before a controller acts on a node. What cannot be gathered is unknown, and holds. */
export class Consultations {
  readonly #parts: ConsultationsParts;

  constructor(parts: ConsultationsParts) {
    this.#parts = parts;
  }

  order({ node, judged, checks }: ConsultOrder): void {
    void this.gather(node, checks).then((consultation) => {
      this.#parts.log.debug({ node, judged, ...consultation }, 'consulted');
      return this.#parts.tell({ kind: 'consulted', node, consultation });
    });
  }

  /** What is known at this moment; `checks`: what the node is probed by (default: all that can lead to a rebuild). Never throws. */
  async gather(node: string, checks?: readonly string[]): Promise<Consultation> {
    const { inquiry } = this.#parts;
    const [votes, confirmation, self, rollout] = await Promise.all([
      inquiry.votes(node).catch((error: unknown): readonly Vote[] => [nobodyAsked(String(error))]),
      inquiry
        .confirm(node, checks)
        .catch((error: unknown): Confirmation => ({ status: 'unknown', detail: String(error) })),
      inquiry.self().catch(() => nothingKnown),
      inquiry.rollout().catch((error: unknown) => `whether the image is whole cannot be told: ${String(error)}`),
    ]);
    return { votes, confirmation, self, rollout };
  }
}
