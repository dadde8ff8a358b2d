import type { StoreDatabase } from './database.ts';
import { parseCounts, parseList } from './text.ts';

/** What the journal keeps of a node's fault, or of its last one. Times are ISO UTC. */
export interface FaultRecord {
  readonly node: string;
  /** The judged VM; null when no VM of the node was ever known. */
  readonly moid: string | null;
  readonly instance_uuid: string | null;
  readonly opened_at: string;
  /** Null while it is open. */
  readonly closed_at: string | null;
  /** Where it stands, in a word: `watching`, `waiting`, `looking`, `running`, `restoring`, `elsewhere`, `held`, `exhausted`, `resumed`. */
  readonly state: string;
  /** The same in full, as JSON. */
  readonly course: string;
  /** What a person was asked and answered, as JSON; null when nobody was asked. */
  readonly approval: string | null;
  /** Checks whose action was taken. */
  readonly acted: readonly string[];
  /** By check: restores that were made and have not helped. */
  readonly restores: Readonly<Record<string, number>>;
  readonly unhealthy: readonly string[];
  readonly abandoned: boolean;
  /** Rebuilds within the stability window, and when the last of them ended. */
  readonly attempts: number;
  readonly last_attempt_at: string | null;
}

export interface Faults {
  /** Records a node's open fault: the one that is open, or a new one. */
  save(fault: FaultRecord): void;
  /** Closes the node's open fault, if there is one, and keeps its attempts with the last one. */
  close(node: string, closedAt: string, attempts: Pick<FaultRecord, 'attempts' | 'last_attempt_at'>): void;
  /** The newest fault of each node, open or not. */
  latest(): readonly FaultRecord[];
  /** Marks open faults that are exhausted or held as to be tried again, of one node or of all. Returns the nodes. */
  resume(node: string | null): readonly string[];
}

type Row = Omit<FaultRecord, 'acted' | 'restores' | 'unhealthy' | 'abandoned'> & {
  readonly restores: string;
  readonly acted: string;
  readonly unhealthy: string;
  readonly abandoned: number;
};

/** The faults table. */
export function createFaults(database: StoreDatabase): Faults {
  const insert = database.prepare<Row>(
    `INSERT INTO faults (node, moid, instance_uuid, opened_at, closed_at, state, course, approval, acted, restores, unhealthy,
     abandoned, attempts, last_attempt_at) VALUES (@node, @moid, @instance_uuid, @opened_at, @closed_at, @state, @course, @approval,
     @acted, @restores, @unhealthy, @abandoned, @attempts, @last_attempt_at)`,
  );
  const update = database.prepare<Row>(
    `UPDATE faults SET moid = @moid, instance_uuid = @instance_uuid,
     state = iif(state = 'resumed' AND @state IN ('exhausted', 'held'), state, @state), course = @course, approval = @approval,
     acted = @acted, restores = @restores, unhealthy = @unhealthy, abandoned = @abandoned, attempts = @attempts,
     last_attempt_at = @last_attempt_at
     WHERE node = @node AND closed_at IS NULL`,
  );
  const close = database.prepare<{ node: string; closedAt: string }>(
    'UPDATE faults SET closed_at = @closedAt WHERE node = @node AND closed_at IS NULL',
  );
  const setAttempts = database.prepare<{ node: string; attempts: number; last: string | null }>(
    `UPDATE faults SET attempts = @attempts, last_attempt_at = @last
     WHERE id = (SELECT max(id) FROM faults WHERE node = @node)`,
  );
  const selectLatest = database.prepare<[], Row>(
    `SELECT node, moid, instance_uuid, opened_at, closed_at, state, course, approval, acted, restores, unhealthy, abandoned, attempts,
     last_attempt_at FROM faults WHERE id IN (SELECT max(id) FROM faults GROUP BY node) ORDER BY node`,
  );
  const resume = database.prepare<{ node: string | null }, { readonly node: string }>(
    `UPDATE faults SET state = 'resumed', attempts = 0, last_attempt_at = NULL
     WHERE closed_at IS NULL AND state IN ('exhausted', 'held') AND (@node IS NULL OR node = @node) RETURNING node`,
  );
  const toRow = (fault: FaultRecord): Row => ({
    ...fault,
    acted: JSON.stringify(fault.acted),
    restores: JSON.stringify(fault.restores),
    unhealthy: JSON.stringify(fault.unhealthy),
    abandoned: fault.abandoned ? 1 : 0,
  });
  return {
    save: (fault) => {
      database.write(() => {
        if (update.run(toRow(fault)).changes === 0) insert.run(toRow(fault));
      });
    },
    close: (node, closedAt, { attempts, last_attempt_at: last }) => {
      database.write(() => {
        close.run({ node, closedAt });
        setAttempts.run({ node, attempts, last });
      });
    },
    latest: () =>
      database.read(() =>
        selectLatest.all().map((row) => ({
          ...row,
          acted: parseList<string>(row.acted),
          restores: parseCounts(row.restores),
          unhealthy: parseList<string>(row.unhealthy),
          abandoned: row.abandoned !== 0,
        })),
      ),
    resume: (node) => database.write(() => resume.all({ node }).map((row) => row.node)),
  };
}
