import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openJournal, type Journal, type JournalOptions } from '../../../src/store/journal.ts';

/** A folder of one test, removed at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'regrow-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A journal of one test, closed at its end. */
export function temporaryJournal(stateDir = join(temporaryFolder(), 'state'), options: JournalOptions = {}): Journal {
  const journal = openJournal(stateDir, options);
  onTestFinished(() => journal.close());
  return journal;
}

/** A run's intent, with what a test does not care about filled in. */
export function intent(id: string, more: Partial<Parameters<Journal['runs']['insert']>[0]> = {}) {
  return {
    id,
    node: 'webbox1',
    kind: 'rebuild',
    trigger: 'operator',
    builder: 'webbox2',
    reason: null,
    force: false,
    started_at: '2026-01-01T10:00:00.000Z',
    ...more,
  } as const;
}
