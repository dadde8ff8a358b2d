import type { Logger } from '../logging.ts';
import type { NoticeChannel, NoticeState, PeerNotices, QueuedNotice } from '../pool/notice.ts';
import type { NewNotice } from './intake.ts';
import type { HappenedEvent } from './kinds.ts';

/** What became of a notice. Fields left out stay as they are. */
export interface NoticeChange {
  readonly state?: NoticeState;
  readonly message?: string;
  readonly attempts?: number;
  readonly next_at?: string;
  readonly note?: string;
  readonly ended_at?: string;
}

/** The part of the journal that holds what is to be told. */
export interface NoticeQueue {
  considered(): number;
  add(notices: readonly NewNotice[], considered: number): void;
  waiting(channel: NoticeChannel): readonly QueuedNotice[];
  change(seqs: readonly number[], change: NoticeChange): void;
  since(at: string): readonly QueuedNotice[];
  prune(before: string): void;
}

/** The journal, as far as notifications need it. */
export interface NotifyJournal {
  readonly notifications: NoticeQueue;
  readonly events: {
    list(filter: { readonly after: number; readonly limit: number }): readonly HappenedEvent[];
    append(event: {
      readonly at: string;
      readonly type: string;
      readonly data: Readonly<Record<string, unknown>>;
    }): number;
  };
}

/** What every part of the notifications is handed. */
export interface NotifySurroundings {
  readonly journal: NotifyJournal;
  /** This controller, as its peers know it. */
  readonly self: () => string;
  readonly now: () => Date;
  readonly log: Logger;
  /** Asks the peers what they have told. Who is silent is left out. Never throws. */
  readonly ask: () => Promise<readonly PeerNotices[]>;
}
