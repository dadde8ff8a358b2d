import { unmeasured, type CheckState } from './check-state.ts';
import type { Consultation } from './consultation.ts';
import type { GateResult, Hold } from './gates.ts';
import type { VmIdentity } from './outcome.ts';
import type { PoolPolicy } from './policy.ts';
import { calm, type Brake } from './brake.ts';

/** What vCenter says carries a node's name. */
export type NodeReading =
  | { readonly kind: 'absent' }
  /** More than one VM of the name. */
  | { readonly kind: 'ambiguous' }
  | {
      readonly kind: 'vm';
      readonly vm: VmIdentity;
      readonly mark: 'certified' | 'building' | 'none';
      /** The builder that the mark names. */
      readonly by: string | null;
      readonly power: 'on' | 'off' | 'suspended' | 'unknown';
      /** vCenter's word for the connection of its host, such as `connected`; null when it does not say. */
      readonly connection: string | null;
      /** vCenter's word for the guest: `green` is evidence of life, `gray` and `red` prove nothing. */
      readonly heartbeat: string | null;
    };

/** A claim without a decision, or a half-built VM: somebody works on the node, or died while he did. */
export interface Pending {
  readonly by: string | null;
  /** Monotonic time since when this controller has seen it unchanged. */
  readonly sinceMs: number;
  /** It is decided, or its runs are over: nobody will go on with it, and anybody may see to what is left. */
  readonly isOver: boolean;
}

/** One node in a complete reading of vCenter. */
export interface ReadNode {
  readonly found: NodeReading;
  readonly pending: Pending | null;
}

/** Why a rebuild waits for a time. */
export type WaitReason = 'turn' | 'restore' | 'backoff' | 'busy' | 'unreadable' | 'answered';

/** Where a fault stands: what is being done about it. */
export type Course =
  /** Nothing is to be done now: its actions are taken, or the checks have to fail afresh. */
  | { readonly kind: 'watching' }
  | { readonly kind: 'waiting'; readonly reason: WaitReason; readonly until: number }
  /** A fresh reading of vCenter and the views of others were asked for. When both are there, the gates are asked. */
  | {
      readonly kind: 'looking';
      /** A reading that began before this time does not count. */
      readonly askedAt: number;
      readonly isRead: boolean;
      readonly consultation: Consultation | null;
      /** When it was there; null before. */
      readonly consultedAt: number | null;
    }
  /** This controller's own rebuild. `run` is null until its process is known. */
  | { readonly kind: 'running'; readonly run: string | null }
  /** This controller's own restore, for these checks. `run` is null until its process is known. */
  | { readonly kind: 'restoring'; readonly run: string | null; readonly checks: readonly string[] }
  | { readonly kind: 'elsewhere'; readonly by: string | null; readonly until: number }
  /** Gates hold. Those of this controller (`isOurs`) are asked again at every event; the others at `until`, or when resumed. */
  | {
      readonly kind: 'held';
      readonly holds: readonly Hold[];
      readonly until: number | null;
      readonly isOurs: boolean;
    }
  /** So many rebuilds failed that a person is needed. */
  | { readonly kind: 'exhausted' };

/** From the first unhealthy verdict until every check is healthy again, or another VM is certified. Times are monotonic. */
export interface Fault {
  readonly openedAt: number;
  /** The judged VM; null when no VM of the node was ever known. */
  readonly vm: VmIdentity | null;
  /** Checks whose action was taken, and not to be taken again before they have been healthy. */
  readonly acted: readonly string[];
  /** By check: restores that were made for it and have not helped, of this controller. */
  readonly restores: Readonly<Record<string, number>>;
  /** Somebody's half-done work stood still for longer than D: there is something to take over, whatever the checks say. */
  readonly isAbandoned: boolean;
  readonly course: Course;
  /** In mode approve: what a person was asked about this fault, and answered. */
  readonly approval: Approval | null;
  /** What every gate said when they were last asked. Not kept over a restart: they are asked anew. */
  readonly decided: Decided | null;
}

/** A person's word about one rebuild: of one VM, for one fault. */
export interface Approval {
  /** The VM that it is about. */
  readonly vm: VmIdentity | null;
  /** The run that waits for it; null until the journal has it. */
  readonly run: string | null;
  readonly answer: 'awaited' | 'given' | 'rejected';
  /** Who answered, and why. */
  readonly by: string | null;
  readonly reason: string;
  /** Without an answer, or not used, it ends then (monotonic). A rejection does not end by time. */
  readonly until: number;
}

/** The last decision about a fault. */
export interface Decided {
  readonly at: number;
  readonly gates: readonly GateResult[];
}

/** All that is known of a node. Times are monotonic milliseconds. */
export interface NodeState {
  /** The VM that results are about. */
  readonly vm: VmIdentity | null;
  readonly read: ReadNode | null;
  /** When it was read; null when it never was. */
  readonly readAt: number | null;
  /** When vCenter last told of it, to this process or an earlier one; null: never. */
  readonly seenAt: number | null;
  /** When that reading began. */
  readonly readBegunAt: number | null;
  readonly checks: Readonly<Record<string, CheckState>>;
  /** Until then failures of this VM are not counted: it was not seen healthy yet. Null: it was. */
  readonly warmUntil: number | null;
  readonly fault: Fault | null;
  /** Rebuilds within the stability window. */
  readonly attempts: number;
  readonly lastAttemptAt: number | null;
}

/** What holds actions, as the journal has it. */
export interface ActivePause {
  readonly scope: string;
  readonly reason: string;
  readonly until: string | null;
}

/** What one controller knows of its pool. */
export interface PoolState {
  readonly nodes: Readonly<Record<string, NodeState>>;
  readonly pauses: readonly ActivePause[];
  /** The last attempt to read vCenter succeeded. */
  readonly isReadable: boolean;
  /** When nodes were rebuilt within the last hour, by whomever. */
  readonly rebuiltAt: readonly number[];
  readonly brake: Brake;
}

/** What the journal keeps of a node over a restart. */
export interface NodeMemory {
  readonly vm: VmIdentity | null;
  /** This controller saw that VM healthy since this machine booted. */
  readonly isProven: boolean;
  /** When vCenter last told of the node. Loaded only: readings are kept by themselves. */
  readonly seenAt?: number;
  readonly fault: Fault | null;
  /** Checks that were unhealthy when the fault was saved. */
  readonly unhealthy: readonly string[];
  readonly attempts: number;
  readonly lastAttemptAt: number | null;
}

/** A node of which nothing is known. */
export function blankNode(policy: PoolPolicy, now: number): NodeState {
  return {
    vm: null,
    read: null,
    readAt: null,
    seenAt: null,
    readBegunAt: null,
    checks: {},
    warmUntil: now + policy.startupGraceMs,
    fault: null,
    attempts: 0,
    lastAttemptAt: null,
  };
}

/** The state of a controller that starts: what its journal remembers, and no result. */
export function initialState(
  policy: PoolPolicy,
  memories: Readonly<Record<string, NodeMemory>>,
  now: number,
  { rebuiltAt = [], brake = calm }: Partial<Pick<PoolState, 'rebuiltAt' | 'brake'>> = {},
): PoolState {
  const nodes = Object.keys(policy.nodes).map((name): [string, NodeState] => {
    const memory = memories[name];
    return [name, memory === undefined ? blankNode(policy, now) : remembered(policy, memory, now)];
  });
  return { nodes: Object.fromEntries(nodes), pauses: [], isReadable: false, rebuiltAt, brake };
}

function remembered(policy: PoolPolicy, memory: NodeMemory, now: number): NodeState {
  const { vm, isProven, seenAt = null, fault, unhealthy, attempts, lastAttemptAt } = memory;
  const isKnown = isProven || fault !== null;
  return {
    ...blankNode(policy, now),
    vm,
    seenAt,
    fault,
    attempts,
    lastAttemptAt,
    checks: Object.fromEntries(unhealthy.map((name) => [name, { ...unmeasured, verdict: 'unhealthy' as const }])),
    warmUntil: isKnown ? null : now + policy.startupGraceMs,
  };
}

/** Whether two identities are one VM. */
export function isSameVm(a: VmIdentity | null, b: VmIdentity | null): boolean {
  return a !== null && b !== null && a.moid === b.moid && a.instanceUuid === b.instanceUuid;
}
