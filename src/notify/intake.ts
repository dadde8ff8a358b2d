import { randomUUID } from 'node:crypto';
import type { Notice, NoticeChannel, NotifiedEvent, QueuedNotice } from '../pool/notice.ts';
import { rendezvousOrder } from '../pool/rendezvous.ts';
import {
  isNotifiable,
  keyOf,
  runOf,
  tellerOf,
  vmOf,
  wordingOf,
  type HappenedEvent,
  type NotifiableEvent,
} from './kinds.ts';

/** What is known of a node when it is told of. */
export interface NodeFacts {
  readonly state: string;
  readonly why: string;
}

/** Where and how an event is told of. */
export interface IntakeFacts {
  readonly pool: string;
  readonly self: string;
  /** A machine beside the pool tells after the nodes: not all of them know that they could ask it. */
  readonly isNode: boolean;
  readonly events: readonly NotifiedEvent[];
  readonly channels: readonly NoticeChannel[];
  /** Each controller waits so long for each one that comes before it, in milliseconds. */
  readonly staggerMs: number;
  /** Controllers that see the same of a node (null: of the pool), this one among them. */
  observers(node: string | null): readonly string[];
  node(name: string): NodeFacts | undefined;
  /** Where the status page is; null when there is none. */
  page(): string | null;
}

export type NewNotice = Pick<QueuedNotice, 'channel' | 'key' | 'notice' | 'due_at'>;

/** The longest wait for others, whatever the size of the pool and the stagger, in milliseconds. */
const longestTurnMs = 10 * 60_000;
const longestSummary = 300;
/** A vCenter that is back within this time is not told of, in milliseconds. */
const passingMs = 2 * 60_000;

/** What is to be told of an event, through each channel; nothing when nobody wants to know of it. */
export function noticesOf(event: HappenedEvent, facts: IntakeFacts): readonly NewNotice[] {
  if (!isNotifiable(event) || !facts.events.includes(event.type)) return [];
  const notice = noticeOf(event, facts);
  const key = keyOf(event, facts.self);
  const patienceMs = event.type === 'discovery.failed' ? passingMs : 0;
  const waitMs = patienceMs + Math.min(longestTurnMs, turnOf(event, key, facts) * facts.staggerMs);
  const due_at = new Date(Date.parse(event.at) + waitMs).toISOString();
  return facts.channels.map((channel) => ({ channel, key, notice, due_at }));
}

function noticeOf(event: NotifiableEvent, facts: IntakeFacts): Notice {
  const { at, type, node, data } = event;
  const run = event.run ?? (runOf(data) || null);
  const seen = node === null || !tellsState(type) ? undefined : facts.node(node);
  const { summary, next } = wordingOf(event, facts.self);
  const page = facts.page();
  return {
    id: randomUUID(),
    at,
    type,
    pool: facts.pool,
    controller: facts.self,
    node,
    run,
    summary: summary.slice(0, longestSummary),
    state: seen?.state ?? null,
    why: seen?.why ?? null,
    next,
    look: [
      ...(page === null ? [] : [page]),
      node === null ? 'regrow status' : `regrow explain ${node}`,
      ...(run === null ? [] : [`regrow show ${run}`]),
    ],
    data,
  };
}

/** Of a node whose fault has just ended nothing is known yet. A machine's checks of its own are not part of its node's state. */
function tellsState(type: NotifiedEvent): boolean {
  return type !== 'fault.closed' && !type.startsWith('host.');
}

/** For how many others this controller waits: of a fault the builder and its successors, in the order in which they act. */
function turnOf(event: NotifiableEvent, key: string, facts: IntakeFacts): number {
  const teller = tellerOf(event);
  if (teller === 'acting') return 0;
  const { node, data } = event;
  const { self, isNode } = facts;
  const candidates = [...new Set([...facts.observers(node), self])];
  const order = rendezvousOrder(node === null ? key : `${node}/${vmOf(data)}`, candidates);
  return order.indexOf(self) + (teller === 'after' || !isNode ? 1 : 0);
}
