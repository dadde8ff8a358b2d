/* What people and programs are told of: shapes that the journal, the channels and the peers share. */

/** Events of the journal that can be told of. */
export const notifiedEvents = [
  'fault.opened',
  'fault.widened',
  'fault.closed',
  'fault.retry',
  'fault.exhausted',
  'gate.held',
  'approval.asked',
  'action.failed',
  'rebuild.requested',
  'rebuild.claimed',
  'rebuild.failed',
  'rebuild.interrupted',
  'restore.requested',
  'restore.failed',
  'restore.given_up',
  'node.unregistered',
  'hook.failed',
  'discovery.failed',
  'discovery.restored',
  'membership.conflict',
  'host.fault.opened',
  'host.fault.closed',
  'host.action.failed',
  'host.rebooting',
  'config.rejected',
  'controller.started',
  'controller.stalled',
  'pause.set',
  'pause.cleared',
  'alert.raised',
] as const;
export type NotifiedEvent = (typeof notifiedEvents)[number];

/** Those that a person has to know of, or waits for. */
export const notifiedByDefault: readonly NotifiedEvent[] = [
  'fault.opened',
  'fault.widened',
  'fault.closed',
  'fault.exhausted',
  'gate.held',
  'approval.asked',
  'action.failed',
  'rebuild.failed',
  'rebuild.interrupted',
  'restore.failed',
  'restore.given_up',
  'hook.failed',
  'discovery.failed',
  'discovery.restored',
  'membership.conflict',
  'host.fault.opened',
  'host.fault.closed',
  'host.action.failed',
  'host.rebooting',
];

export const noticeChannels = ['mail', 'webhook'] as const;
export type NoticeChannel = (typeof noticeChannels)[number];

/** One event, as it is told. Keys are those of the webhook's JSON; times are ISO UTC. */
export interface Notice {
  /** Never used twice, by no controller. */
  readonly id: string;
  readonly at: string;
  readonly type: NotifiedEvent | 'notify.test';
  readonly pool: string;
  /** The controller that tells. */
  readonly controller: string;
  readonly node: string | null;
  readonly run: string | null;
  /** One line: `fault opened: ping failed`. */
  readonly summary: string;
  /** The node's state when it was told, and why it is in it. */
  readonly state: string | null;
  readonly why: string | null;
  /** What is done about it now, or by whom it has to be done. */
  readonly next: string | null;
  /** Where to look: a status page, commands. */
  readonly look: readonly string[];
  /** The event's own data. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** `waiting`: to be told. `told`: by this controller. `left`: another one told it. `passed`: over before it was due. `lost`: too old. */
export const noticeStates = ['waiting', 'told', 'left', 'passed', 'lost'] as const;
export type NoticeState = (typeof noticeStates)[number];

/** A notice in the queue of a channel. */
export interface QueuedNotice {
  /** Grows; notices go out in this order. */
  readonly seq: number;
  readonly channel: NoticeChannel;
  /** The same for all controllers that see the same thing. */
  readonly key: string;
  readonly notice: Notice;
  /** Before this time it is left to those that come first. */
  readonly due_at: string;
  readonly state: NoticeState;
  /** The message that it goes out with, kept over attempts; null before the first. */
  readonly message: string | null;
  readonly attempts: number;
  /** When the message is tried next. */
  readonly next_at: string | null;
}

/** How a controller stands to a notice, for its peers. `busy`: it asks or sends at this moment. */
export interface NoticeReport {
  readonly channel: NoticeChannel;
  readonly key: string;
  readonly state: 'waiting' | 'busy' | 'told';
  /** How long ago it saw the thing happen. Ages instead of times: no clocks of two machines are compared. */
  readonly age_ms: number;
}

/** What a peer answered. A silent one has no answer. */
export interface PeerNotices {
  /** As it calls itself. */
  readonly peer: string;
  readonly notices: readonly NoticeReport[];
}
