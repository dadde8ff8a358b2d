import { RegrowError } from '../errors.ts';
import type { FailureClass, Outcome } from '../pool/outcome.ts';
import type { StoreDatabase } from './database.ts';
import { cut, parseList, type Redact } from './text.ts';

export const runKinds = ['rebuild', 'restore', 'bootstrap', 'discover', 'sync', 'settle'] as const;
export type RunKind = (typeof runKinds)[number];

/** `awaiting_approval`: a person was asked. `intent`: written before anything is done. `running`: its process is known. `done`: it has an outcome, for good. */
export type RunState = 'awaiting_approval' | 'intent' | 'running' | 'done';

/** What became of a run. `done` is the success of the kinds that have no outcome of their own, such as `discover`. */
export type RunOutcome = Outcome | 'done';

/** One step of PROTOCOL order within a run, such as `fence`. Times are ISO UTC. */
export interface RunPhase {
  readonly step: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly result: 'ok' | 'failed' | 'skipped' | null;
}

/** What is learnt about a run while it goes on. */
export interface RunFacts {
  readonly incident: string | null;
  readonly generation: number | null;
  readonly gate: string | null;
  readonly class: FailureClass | null;
  /** The last step that was begun, or the one that failed. */
  readonly step: string | null;
  readonly message: string | null;
  readonly remedy: string | null;
  readonly old_moid: string | null;
  readonly old_uuid: string | null;
  readonly new_moid: string | null;
  readonly new_uuid: string | null;
  readonly address: string | null;
  readonly phases: readonly RunPhase[];
}

export interface NewRun {
  readonly id: string;
  /** Null when the run is about the whole pool. */
  readonly node: string | null;
  readonly kind: RunKind;
  /** Who asked: `operator`, `monitor`, `monit`, `api`, `recovery` ... */
  readonly trigger: string;
  readonly builder: string;
  readonly reason: string | null;
  readonly force: boolean;
  readonly started_at: string;
  readonly state?: 'intent' | 'awaiting_approval';
}

/** One run as recorded. Times are ISO UTC with milliseconds. */
export interface Run extends Omit<NewRun, 'state'>, RunFacts {
  readonly state: RunState;
  readonly outcome: RunOutcome | null;
  readonly ended_at: string | null;
}

/** Fields left out, or undefined, stay as they are. */
export type RunChange = { readonly [Key in keyof RunFacts]?: RunFacts[Key] | undefined };
export type RunEnding = RunChange & { readonly outcome: RunOutcome; readonly ended_at: string };

export interface RunFilter {
  readonly node?: string | undefined;
  readonly kinds?: readonly RunKind[] | undefined;
  readonly outcome?: RunOutcome | undefined;
  /** Only runs that started then or later, ISO UTC. */
  readonly since?: string | undefined;
  readonly limit?: number | undefined;
  /** Only runs older than this id. */
  readonly before?: string | undefined;
}

export interface Runs {
  /** Records the intent. */
  insert(run: NewRun): void;
  /** Records a step forward, before it is done. Throws RUN_FINISHED when the run has its outcome already. */
  transition(id: string, state: Exclude<RunState, 'done'>, facts?: RunChange): Run;
  /** Records the outcome. The first one stands: false when the run had one already. */
  finish(id: string, ending: RunEnding): boolean;
  get(id: string): Run | undefined;
  /** Newest first. */
  list(filter?: RunFilter): readonly Run[];
  /** Runs that were begun and have no outcome, oldest first: what a new process has to settle. */
  unfinished(): readonly Run[];
  /** Runs that wait for a person's answer, oldest first. */
  awaiting(): readonly Run[];
  /** Every run whose id begins so, newest first, at most 20. */
  startingWith(prefix: string): readonly Run[];
}

type RunRecord = Omit<Run, 'force' | 'phases'> & { readonly force: number; readonly phases: string };

/** The runs table. */
export function createRuns(database: StoreDatabase, redact: Redact): Runs {
  const insert = database.prepare<RunRecord>(
    `INSERT INTO runs VALUES (@id, @node, @kind, @trigger, @builder, @reason, @force, @state, @incident, @generation, @outcome,
     @gate, @class, @step, @message, @remedy, @old_moid, @old_uuid, @new_moid, @new_uuid, @address, @started_at, @ended_at, @phases)`,
  );
  const update = database.prepare<RunRecord>(
    `UPDATE runs SET state = @state, incident = @incident, generation = @generation, outcome = @outcome, gate = @gate,
     class = @class, step = @step, message = @message, remedy = @remedy, old_moid = @old_moid, old_uuid = @old_uuid,
     new_moid = @new_moid, new_uuid = @new_uuid, address = @address, ended_at = @ended_at, phases = @phases WHERE id = @id`,
  );
  const select = database.prepare<[string], RunRecord>('SELECT * FROM runs WHERE id = ?');
  const selectSome = database.prepare<
    {
      node: string | null;
      kinds: string;
      outcome: string | null;
      since: string | null;
      before: string | null;
      limit: number;
    },
    RunRecord
  >(
    `SELECT * FROM runs WHERE (@node IS NULL OR node = @node) AND (@before IS NULL OR id < @before)
     AND (@outcome IS NULL OR outcome = @outcome) AND (@since IS NULL OR started_at >= @since)
     AND kind IN (SELECT value FROM json_each(@kinds)) ORDER BY id DESC LIMIT @limit`,
  );
  const selectOpen = database.prepare<[], RunRecord>(`SELECT * FROM runs WHERE state <> 'done' ORDER BY id`);
  const selectPrefix = database.prepare<[string, string], RunRecord>(
    'SELECT * FROM runs WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 20',
  );

  const toRecord = (run: Run): RunRecord => ({
    ...run,
    reason: text(run.reason),
    message: text(run.message),
    remedy: text(run.remedy),
    force: run.force ? 1 : 0,
    phases: JSON.stringify(run.phases),
  });
  const text = (value: string | null): string | null => (value === null ? null : cut(redact(value)));
  const mustGet = (id: string): Run => {
    const record = select.get(id);
    if (record === undefined)
      throw new RegrowError('RUN_UNKNOWN', `The journal has no run ${id}`, { facts: { run: id } });
    return toRun(record);
  };

  return {
    insert: (run) => {
      database.write(() => insert.run(toRecord({ ...blankRun, state: 'intent', ...run })));
    },
    transition: (id, state, facts = {}) =>
      database.write(() => {
        const run = mustGet(id);
        if (run.state === 'done') {
          throw new RegrowError('RUN_FINISHED', `Run ${id} has its outcome already: ${run.outcome}`, {
            facts: { run: id },
          });
        }
        const next: Run = { ...withFacts(run, facts), state: run.state === 'running' ? 'running' : state };
        update.run(toRecord(next));
        return next;
      }),
    finish: (id, ending) =>
      database.write(() => {
        const run = mustGet(id);
        if (run.state === 'done') return false;
        const { outcome, ended_at } = ending;
        update.run(toRecord({ ...withFacts(run, ending), state: 'done', outcome, ended_at }));
        return true;
      }),
    get: (id) => database.read(() => select.all(id).map(toRun)[0]),
    list: ({ node, kinds = runKinds, outcome, since, limit = 100, before } = {}) =>
      database.read(() =>
        selectSome
          .all({
            node: node ?? null,
            kinds: JSON.stringify(kinds),
            outcome: outcome ?? null,
            since: since ?? null,
            before: before ?? null,
            limit,
          })
          .map(toRun),
      ),
    unfinished: () => database.read(() => selectOpen.all().map(toRun)).filter((run) => !isAwaiting(run)),
    awaiting: () => database.read(() => selectOpen.all().map(toRun)).filter(isAwaiting),
    startingWith: (prefix) => database.read(() => selectPrefix.all(prefix, `${prefix}\u{10ffff}`).map(toRun)),
  };
}

const blankRun = {
  outcome: null,
  ended_at: null,
  incident: null,
  generation: null,
  gate: null,
  class: null,
  step: null,
  message: null,
  remedy: null,
  old_moid: null,
  old_uuid: null,
  new_moid: null,
  new_uuid: null,
  address: null,
  phases: [],
} as const;

function isAwaiting({ state }: Run): boolean {
  return state === 'awaiting_approval';
}

function toRun(record: RunRecord): Run {
  return { ...record, force: record.force !== 0, phases: parseList<RunPhase>(record.phases) };
}

/** The run with what was learnt. What is undefined was not learnt. */
function withFacts(run: Run, learnt: RunChange): Run {
  return {
    ...run,
    incident: orKnown(learnt.incident, run.incident),
    generation: orKnown(learnt.generation, run.generation),
    gate: orKnown(learnt.gate, run.gate),
    class: orKnown(learnt.class, run.class),
    step: orKnown(learnt.step, run.step),
    message: orKnown(learnt.message, run.message),
    remedy: orKnown(learnt.remedy, run.remedy),
    old_moid: orKnown(learnt.old_moid, run.old_moid),
    old_uuid: orKnown(learnt.old_uuid, run.old_uuid),
    new_moid: orKnown(learnt.new_moid, run.new_moid),
    new_uuid: orKnown(learnt.new_uuid, run.new_uuid),
    address: orKnown(learnt.address, run.address),
    phases: orKnown(learnt.phases, run.phases),
  };
}

function orKnown<T>(learnt: T | undefined, known: T): T {
  // Not `??`: a null is something learnt.
  if (learnt === undefined) return known;
  return learnt;
}
