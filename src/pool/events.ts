import type { ResultStatus } from './check-state.ts';
import type { Consultation } from './consultation.ts';
import type { ActivePause, NodeMemory, ReadNode } from './node-state.ts';
import type { Outcome, VmIdentity } from './outcome.ts';
import type { Action } from './policy.ts';

/** What a controller hears. */
export type PoolEvent =
  | {
      readonly kind: 'measured';
      readonly node: string;
      readonly check: string;
      /** Instance uuid of the VM that was measured; null when none was known. */
      readonly subject: string | null;
      readonly status: ResultStatus;
      readonly detail: string;
    }
  /** vCenter was read, completely, by a reading that began at that time. Of a node that is left out nothing is known. */
  | { readonly kind: 'read'; readonly begunAt: number; readonly nodes: Readonly<Record<string, ReadNode>> }
  /** It could not be read. That says nothing about any node. */
  | { readonly kind: 'unreadable' }
  /** What was gathered about a node just before acting. */
  | { readonly kind: 'consulted'; readonly node: string; readonly consultation: Consultation }
  /** Nothing but that time has passed. */
  | { readonly kind: 'time' }
  /** This controller stood still, so that old results say nothing of the present. */
  | { readonly kind: 'stalled'; readonly ms: number }
  | { readonly kind: 'pauses'; readonly pauses: readonly ActivePause[] }
  /** An operator lets a node be tried again. */
  | { readonly kind: 'resumed'; readonly node: string }
  /** An operator lets the pool go on after many rebuilds. */
  | { readonly kind: 'pool-resumed' }
  /** From now on this controller measures these nodes, and no others: in a large pool each is observed by a few. */
  | { readonly kind: 'observing'; readonly nodes: readonly string[] }
  /** The policy is another one: nodes and checks came or went. */
  | { readonly kind: 'replanned' }
  /** Monit ordered a rebuild of that VM, and nothing but a person's word is missing. */
  | { readonly kind: 'ordered'; readonly node: string; readonly vm: VmIdentity | null }
  /** A person was asked to approve a rebuild: that run waits. */
  | { readonly kind: 'asked'; readonly node: string; readonly run: string }
  /** A person answered. */
  | {
      readonly kind: 'answered';
      readonly node: string;
      readonly run: string;
      readonly answer: 'given' | 'rejected';
      readonly by: string;
      readonly reason: string;
    }
  | { readonly kind: 'run-started'; readonly node: string; readonly run: string }
  | {
      readonly kind: 'run-ended';
      readonly node: string;
      readonly run: string | null;
      readonly outcome: Outcome;
      readonly gate: string | null;
      /** It says something of the node or its image, and counts as an attempt. False: nothing was begun, or vCenter went away. */
      readonly isAttempt: boolean;
      readonly message: string;
      /** Who has it, when it is in progress elsewhere. */
      readonly by: string | null;
    }
  /** An own restore of the node has ended. */
  | {
      readonly kind: 'restore-ended';
      readonly node: string;
      readonly run: string | null;
      readonly outcome: Outcome;
      readonly message: string;
    }
  /** This machine's one slot is taken. */
  | { readonly kind: 'run-busy'; readonly node: string };

/** An action of a check other than a remediation. */
export type CheckAction = Exclude<Action, { readonly kind: 'rebuild' | 'restore' | 'alert' }>;

/** What is to be done, in this order. `save` comes before everything that others could see. */
export type Effect =
  /** The durable memory of a node changed. */
  | { readonly kind: 'save'; readonly node: string; readonly memory: NodeMemory }
  /** Something happened that people want to read of: an event of the journal. */
  | {
      readonly kind: 'record';
      readonly node: string | null;
      readonly type: string;
      readonly data: Readonly<Record<string, unknown>>;
    }
  /** vCenter is to be read soon. */
  | { readonly kind: 'discover' }
  /** The others are to be asked about a node, and it is to be probed afresh by these checks. */
  | {
      readonly kind: 'consult';
      readonly node: string;
      readonly judged: VmIdentity | null;
      readonly checks: readonly string[];
    }
  | {
      readonly kind: 'rebuild';
      readonly node: string;
      readonly judged: VmIdentity | null;
      readonly attempt: number;
      /** What the node is probed by before it is fenced. */
      readonly checks: readonly string[];
      /** The run that a person approved, and who; null when nobody had to. */
      readonly approved: { readonly run: string; readonly by: string } | null;
    }
  /** A person is to be asked: a run waits for the answer. */
  | { readonly kind: 'ask'; readonly node: string; readonly judged: VmIdentity | null; readonly attempt: number }
  /** A run that waited is of no use any more. */
  | {
      readonly kind: 'unask';
      readonly node: string;
      readonly run: string;
      readonly outcome: 'refused' | 'cancelled';
      readonly message: string;
    }
  /** `vm`: the VM that these checks judged; no other is restored. */
  | {
      readonly kind: 'restore';
      readonly node: string;
      readonly vm: VmIdentity | null;
      readonly checks: readonly string[];
    }
  /** `vm`: the VM that the check judged; the action is about no other. */
  | {
      readonly kind: 'act';
      readonly node: string;
      readonly vm: VmIdentity | null;
      readonly check: string;
      readonly action: CheckAction;
    }
  /** A person has to know. */
  | { readonly kind: 'alert'; readonly node: string; readonly text: string };

/** What follows from an event. */
export interface Decision<State> {
  readonly state: State;
  readonly effects: readonly Effect[];
}
