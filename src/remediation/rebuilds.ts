import type { RunEvent } from '../ansible/event.ts';
import type { Logger } from '../logging.ts';
import type { PoolEvent } from '../pool/events.ts';
import type { PoolState } from '../pool/node-state.ts';
import type { Outcome, VmIdentity } from '../pool/outcome.ts';
import type { Run } from '../store/runs.ts';
import type { RebuildResult } from './conclude-rebuild.ts';
import type { ControllerParts } from './controller-parts.ts';
import { startRebuild, type RebuildRequest, type RebuildStart, type StartedRebuild } from './rebuild.ts';
import type { RebuildOrder, ReconcilerClock, RestoreOrder } from './reconciler.ts';
import { recoverRun } from './recovery.ts';

export interface RebuildsParts {
  /** As they are now: a reload changes the configuration. */
  parts(): ControllerParts;
  readonly clock: ReconcilerClock;
  readonly log: Logger;
  /** Where the reconciler hears of starts and ends. */
  tell(event: PoolEvent): void;
  /** Every event of a run that is attended here. */
  onRunEvent(
    of: { readonly run: string; readonly node: string | null; readonly kind: Run['kind'] },
    event: RunEvent,
  ): void;
}

/** How often the journal is asked about a run that another process of this machine attends, in milliseconds. */
const askAgainMs = 1_000;

/** The daemon's rebuilds and restores: ordered by the reconciler, attended to their end, taken up again after a restart. */
export class Rebuilds {
  readonly #parts: RebuildsParts;
  readonly #attended = new Map<string, Promise<void>>();

  constructor(parts: RebuildsParts) {
    this.#parts = parts;
  }

  /** Runs that are attended now, by id. */
  get running(): readonly string[] {
    return [...this.#attended.keys()];
  }

  /** Resolves when every run that is attended now has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#attended.values());
  }

  /** Starts a rebuild. What comes of it is told as events. */
  order({ node, judged, attempt, checks, approved }: RebuildOrder): void {
    const request: RebuildRequest = {
      ...ordered(node, judged),
      kind: 'rebuild',
      reason: `attempt ${attempt}`,
      checks,
      approved: approved ?? undefined,
    };
    this.#start(request).catch((error: unknown) => {
      this.#parts.log.error({ err: error, node }, 'the rebuild could not be started');
      this.#parts.tell(ended(node, null, { outcome: 'failed', message: messageOf(error), isAttempt: false }));
    });
  }

  /** Starts a restore of the settings, files and services of a node, for these checks. */
  restore({ node, vm, checks }: RestoreOrder): void {
    this.#start({ ...ordered(node, vm), kind: 'restore', reason: `${checks.join(', ')} failed` }).catch(
      (error: unknown) => {
        this.#parts.log.error({ err: error, node }, 'the restore could not be started');
        this.#parts.tell(restoreEnded(node, null, 'failed', messageOf(error)));
      },
    );
  }

  /**
   * Starts a rebuild or a restore of one node that was ordered from outside. The reconciler hears of a rebuild as of its own; a restore
   * changes no fault's course.
   */
  async orderByHand(node: string, request: Omit<RebuildRequest, 'nodes'>): Promise<RebuildStart> {
    const start = await startRebuild(this.#parts.parts(), { ...request, nodes: [node] });
    if (start.kind !== 'started') return start;
    // A dry run says nothing of the node.
    const isTold = request.kind === 'rebuild' && !request.dryRun;
    if (isTold) this.#parts.tell({ kind: 'run-started', node, run: start.run });
    this.#attend(isTold ? node : null, request.kind, start);
    return start;
  }

  /**
   * Settles what an earlier process left, before anything is measured: live runs are attended again, dead ones are concluded, and
   * faults that wait for a run hear of its end.
   */
  async recover(state: PoolState): Promise<void> {
    for (const run of this.#parts.parts().journal.runs.unfinished()) {
      try {
        const started = await recoverRun(this.#parts.parts(), run);
        if (started !== undefined) this.#attend(nodeOf(run), run.kind, started);
      } catch (error) {
        // The others must not suffer; a fault that waits for this one tries again.
        this.#parts.log.error({ err: error, run: run.id }, 'the run could not be taken up');
      }
    }
    for (const [node, { fault }] of Object.entries(state.nodes)) {
      const course = fault?.course;
      if (course?.kind === 'running') this.#settleFault(node, 'rebuild', course.run ?? fault?.approval?.run ?? null);
      if (course?.kind === 'restoring') this.#settleFault(node, 'restore', course.run);
    }
  }

  async #start(request: RebuildRequest): Promise<void> {
    const [node = ''] = request.nodes;
    const start = await startRebuild(this.#parts.parts(), request);
    switch (start.kind) {
      case 'busy':
        this.#parts.tell({ kind: 'run-busy', node });
        return;
      case 'refused':
        this.#parts.tell(endedBy(node, request.kind, start.result));
        return;
      case 'started':
        this.#parts.tell({ kind: 'run-started', node, run: start.run });
        this.#attend(node, request.kind, start);
        return;
    }
  }

  /** `node`: null for a run about several nodes, which no fault waits for. */
  #attend(node: string | null, kind: Run['kind'], started: StartedRebuild): void {
    const attended = this.#follow(node, kind, started).finally(() => this.#attended.delete(started.run));
    this.#attended.set(started.run, attended);
  }

  async #follow(node: string | null, kind: Run['kind'], started: StartedRebuild): Promise<void> {
    try {
      const results = await started.attend((event) => this.#parts.onRunEvent({ run: started.run, node, kind }, event));
      for (const result of results) if (result.node === node) this.#parts.tell(endedBy(node, kind, result));
    } catch (error) {
      this.#parts.log.error({ err: error, node, run: started.run }, 'the run could not be attended to its end');
      if (node !== null)
        this.#parts.tell(
          kind === 'restore'
            ? restoreEnded(node, started.run, 'interrupted', messageOf(error))
            : ended(node, started.run, { outcome: 'interrupted', message: messageOf(error) }),
        );
    }
  }

  /** What became of the run that a fault was left waiting for. */
  #settleFault(node: string, kind: 'rebuild' | 'restore', known: string | null): void {
    const { journal } = this.#parts.parts();
    const run = known === null ? journal.runs.list({ node, kinds: [kind], limit: 1 })[0] : journal.runs.get(known);
    if (run === undefined || run.state === 'awaiting_approval' || (known === null && run.state === 'done')) {
      // The order was written down, and nothing was begun.
      this.#parts.tell({ kind: 'run-busy', node });
      return;
    }
    if (this.#attended.has(run.id)) {
      if (known === null) this.#parts.tell({ kind: 'run-started', node, run: run.id });
      return;
    }
    this.#awaitEnd(node, run.id);
  }

  /** Another process of this machine attends it, or has concluded it: the journal tells. */
  #awaitEnd(node: string, id: string): void {
    const run = this.#parts.parts().journal.runs.get(id);
    if (run === undefined || run.state === 'done') {
      const end = {
        outcome: outcomeOf(run),
        gate: run?.gate ?? null,
        message: run?.message ?? 'the journal has lost the run',
      };
      this.#parts.tell(
        run?.kind === 'restore' ? restoreEnded(node, id, end.outcome, end.message) : ended(node, id, end),
      );
      return;
    }
    this.#parts.clock.at(this.#parts.clock.now() + askAgainMs, () => void this.#takeUpOrAwait(node, id));
  }

  /** Whoever attended it may have died, too. */
  async #takeUpOrAwait(node: string, id: string): Promise<void> {
    const run = this.#parts.parts().journal.runs.get(id);
    try {
      const started =
        run === undefined || run.state === 'done' ? undefined : await recoverRun(this.#parts.parts(), run);
      if (started !== undefined && run !== undefined) return this.#attend(node, run.kind, started);
    } catch (error) {
      this.#parts.log.error({ err: error, node, run: id }, 'the run could not be taken up');
    }
    return this.#awaitEnd(node, id);
  }
}

function nodeOf({ node, kind }: Run): string | null {
  return kind === 'rebuild' || kind === 'restore' ? node : null;
}

function outcomeOf(run: Run | undefined): Outcome {
  const outcome = run?.outcome ?? 'interrupted';
  return outcome === 'done' ? 'interrupted' : outcome;
}

/** What the daemon orders by itself. */
function ordered(node: string, judged: VmIdentity | null): Omit<RebuildRequest, 'kind' | 'reason'> {
  return { nodes: [node], trigger: 'monitor', force: [], dryRun: false, judged: judged ?? undefined };
}

function restoreEnded(node: string, run: string | null, outcome: Outcome, message: string): PoolEvent {
  return { kind: 'restore-ended', node, run, outcome, message };
}

function endedBy(node: string, kind: Run['kind'], result: RebuildResult): PoolEvent {
  const { run, outcome, gate, message, pending } = result;
  if (kind === 'restore') return restoreEnded(node, run, outcome, message);
  // That vCenter went away says nothing of the node or its image.
  const isAttempt = result.class !== 'vcenter_unreachable';
  return ended(node, run, { outcome, gate, message, isAttempt, by: pending?.by ?? null });
}

function ended(
  node: string,
  run: string | null,
  end: {
    readonly outcome: Outcome;
    readonly message: string;
    readonly gate?: string | null;
    readonly by?: string | null;
    readonly isAttempt?: boolean;
  },
): PoolEvent {
  return { kind: 'run-ended', node, run, gate: null, by: null, isAttempt: true, ...end };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
