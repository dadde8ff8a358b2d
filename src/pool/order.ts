/* What people order of a running controller, and what it answers: the same over HTTP and in the command line. */

/** Who gives an order, and why: for the record. It proves nothing. */
export interface Orderer {
  readonly by: string;
  readonly reason: string;
}

/** `api`: a person. `monit`: Monit, which approves of nothing. */
export const orderTriggers = ['api', 'monit'] as const;
export type OrderTrigger = (typeof orderTriggers)[number];

/** A restore that was ordered. */
export interface RestoreWish extends Orderer {
  readonly trigger: OrderTrigger;
}

/** A rebuild that was ordered. */
export interface RebuildWish extends RestoreWish {
  /** Gates that are overridden by name. */
  readonly force: readonly string[];
  readonly isDryRun: boolean;
  /** Moid and instance uuid of the VM that it is about, as `MOID/UUID`; null: the one that has the name now. */
  readonly judged: string | null;
}

/** A pause, of the pool (`node` null) or of one node. */
export interface PauseWish extends Orderer {
  readonly node: string | null;
  /** Null: until it is resumed. */
  readonly forMs: number | null;
  /** This controller alone; else all of the pool. */
  readonly isLocal: boolean;
}

export type ResumeWish = Omit<PauseWish, 'forMs'>;

/** What came of an order. */
export type OrderResult =
  | {
      readonly kind: 'accepted';
      readonly run: string | null;
      readonly node: string | null;
      /** In a word: `running`, `paused`, `approved`, `ended` (there was nothing to do: `more` has outcome and message) and so on. */
      readonly status: string;
      /** What else is to be told of it. */
      readonly more?: Readonly<Record<string, unknown>>;
    }
  /** There is no such node or run here. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** Not now: something else is under way, or the time for it is over. */
  | { readonly kind: 'conflict'; readonly message: string; readonly facts: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'refused';
      /** The run that records it; none when the order is Monit's, which repeats itself. */
      readonly run?: string | null;
      readonly gate: string;
      readonly message: string;
      readonly facts: Readonly<Record<string, unknown>>;
    };
