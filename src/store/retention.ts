import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreDatabase } from './database.ts';

export interface RetentionPolicy {
  /** Runs kept: this many that act on nodes, as many that only read or copy (`discover`, `sync`), and as many that finish what others left (`settle`). */
  readonly keepRuns: number;
  readonly keepDays: number;
  /** ISO UTC. */
  readonly nowIso: string;
}

export interface Retention {
  /**
   * Drops runs, with their folders and events, that are beyond the count or the age. Never one without an outcome, and never a
   * node's newest one. Folders of runs that are in no journal, such as readings of the pool, are dropped by the same count and
   * age, unless they were written to within the hour. Returns the ids.
   */
  prune(policy: RetentionPolicy): readonly string[];
}

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;

/** Keeps the journal and runs/ from growing for ever. */
export function createRetention(database: StoreDatabase, stateDir: string): Retention {
  // Reading runs are counted apart: one every 20 s would soon push every rebuild out. So would settlings that fail again and again.
  const group = `CASE WHEN kind IN ('discover', 'sync') THEN 'reads' WHEN kind = 'settle' THEN 'settles' ELSE 'acts' END`;
  const select = database.prepare<{ keepRuns: number; oldest: string }, { readonly id: string }>(
    `SELECT id FROM (
       SELECT id, state, started_at,
         row_number() OVER (PARTITION BY ${group} ORDER BY id DESC) AS rank,
         row_number() OVER (PARTITION BY node, ${group} ORDER BY id DESC) AS rank_of_node
       FROM runs)
     WHERE state = 'done' AND rank_of_node > 1 AND (rank > @keepRuns OR started_at < @oldest) ORDER BY id`,
  );
  const removeEvents = database.prepare<[string]>('DELETE FROM events WHERE run = ?');
  const removeRun = database.prepare<[string]>(`DELETE FROM runs WHERE id = ? AND state = 'done'`);
  const removeOldEvents = database.prepare<[string]>(
    'DELETE FROM events WHERE at < ? AND (run IS NULL OR run NOT IN (SELECT id FROM runs))',
  );
  const isRecorded = database.prepare<[string], number>('SELECT 1 FROM runs WHERE id = ?');
  const strays = ({ keepRuns, keepDays, nowIso }: RetentionPolicy): readonly string[] => {
    const ids = runFolders(stateDir).filter((id) => database.read(() => isRecorded.get(id)) === undefined);
    return ids.toReversed().filter((id, rank) => {
      const ageMs = Date.parse(nowIso) - statSync(join(stateDir, 'runs', id)).mtimeMs;
      return ageMs > hourMs && (rank >= keepRuns || ageMs > keepDays * dayMs);
    });
  };
  return {
    prune: (policy) => {
      const { keepRuns, keepDays, nowIso } = policy;
      const oldest = new Date(Date.parse(nowIso) - keepDays * dayMs).toISOString();
      const recorded = database.read(() => select.all({ keepRuns, oldest })).map((run) => run.id);
      const ids = [...recorded, ...strays(policy)];
      // Folders first: a row without its folder can still be told of, a folder without its row would stay for ever.
      for (const id of ids) rmSync(join(stateDir, 'runs', id), { recursive: true, force: true });
      database.write(() => {
        for (const id of ids) {
          removeEvents.run(id);
          removeRun.run(id);
        }
        removeOldEvents.run(oldest);
      });
      return ids;
    },
  };
}

/** Ids of the run folders, oldest first. */
function runFolders(stateDir: string): string[] {
  try {
    return readdirSync(join(stateDir, 'runs'))
      .filter((name) => /^[0-9a-z]{14}$/.test(name))
      .toSorted();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
