import { openDatabase } from './database.ts';
import { journalFault } from './fault.ts';
import { createFaults, type Faults } from './faults.ts';
import { createEvents, type Events } from './events.ts';
import { createHistory, type History } from './history.ts';
import { createIdempotency, type Idempotency } from './idempotency.ts';
import { createNodes, type Nodes } from './nodes.ts';
import { createNotifications, type Notifications } from './notifications.ts';
import { createObservations, type Observations } from './observations.ts';
import { createPauses, type Pauses } from './pauses.ts';
import { createRetention, type Retention } from './retention.ts';
import { createRuns, type Runs } from './runs.ts';
import type { Redact } from './text.ts';

/**
 * The durable record of one controller: what it was about to do, and what became of it. Every call that writes has its row on the
 * disk when it returns. Several processes may have it open.
 */
export interface Journal {
  readonly path: string;
  readonly runs: Runs;
  readonly events: Events;
  readonly nodes: Nodes;
  readonly observations: Observations;
  readonly pauses: Pauses;
  readonly faults: Faults;
  readonly notifications: Notifications;
  readonly idempotency: Idempotency;
  readonly retention: Retention;
  readonly history: History;
  /** What it takes on the disk. */
  sizeBytes(): number;
  /** Another number whenever another process has written. */
  foreignVersion(): number;
  /** Several writes as one: all of them are recorded, or none. */
  atomically<T>(work: () => T): T;
  close(): void;
}

export interface JournalOptions {
  /** Takes secrets out of messages, reasons and event data before they are written. */
  readonly redact?: Redact;
}

/** Opens, or makes, the journal `regrow.db` of a state_dir. Throws JOURNAL_UNUSABLE, with a remedy, when it cannot be used. */
export function openJournal(stateDir: string, { redact = (text) => text }: JournalOptions = {}): Journal {
  const database = openDatabase(stateDir);
  try {
    return {
      path: database.path,
      runs: createRuns(database, redact),
      events: createEvents(database, redact),
      nodes: createNodes(database),
      observations: createObservations(database),
      pauses: createPauses(database, redact),
      faults: createFaults(database),
      notifications: createNotifications(database, redact),
      idempotency: createIdempotency(database),
      foreignVersion: () => database.foreignVersion(),
      retention: createRetention(database, stateDir),
      history: createHistory(database),
      sizeBytes: () => database.sizeBytes(),
      atomically: (work) => database.write(work),
      close: () => {
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw journalFault(database.path, error);
  }
}
