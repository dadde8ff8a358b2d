import type { RunEvent } from '../ansible/event.ts';
import type { Logger } from '../logging.ts';
import type { PoolEvent } from '../pool/events.ts';
import type { PoolState } from '../pool/node-state.ts';
import type { Outcome } from '../pool/outcome.ts';
import type { Run } from '../store/runs.ts';
import type { RebuildResult } from './conclude-rebuild.ts';
import type { ControllerParts } from './controller-parts.ts';
import { startRebuild, type RebuildRequest, type RebuildStart, type StartedRebuild } from './rebuild.ts';
import type { RebuildOrder, ReconcilerClock } from './reconciler.ts';
import { recoverRun } from './recovery.ts';

export interface RebuildsParts {
  /** As they are now: a reload changes the configuration. */
  parts(): ControllerParts;
  readonly clock: ReconcilerClock;
  readonly log: Logger;
  /** Where the reconciler hears of starts and ends. */
  tell(event: PoolEvent): void;
  /** Every event of a run that is attended here. */
  onRunEvent(run: string, node: string | null, event: RunEvent): void;
}

/** How often the journal is asked about a run that another process of this machine attends, in milliseconds. */
const askAgainMs = 1_000;

/** The daemon's rebuilds: ordered by the reconciler, attended to their end, taken up again after a restart. */
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
  order({ node, judged, attempt, approved }: RebuildOrder): void {
    const request: RebuildRequest = {
      kind: 'rebuild',
      nodes: [node],
      trigger: 'monitor',
      reason: `attempt ${attempt}`,
      force: [],
      dryRun: false,
      judged: judged ?? undefined,
      approved: approved ?? undefined,
    };
    this.#start(node, request).catch((error: unknown) => {
      this.#parts.log.error({ err: error, node }, 'the rebuild could not be started');
      this.#parts.tell(ended(node, null, { outcome: 'failed', message: messageOf(error), isAttempt: false }));
    });
  }

  /** Starts a rebuild of one node that a person ordered. The reconciler hears of it as of its own. */
  async orderByHand(node: string, request: Omit<RebuildRequest, 'kind' | 'nodes'>): Promise<RebuildStart> {
    const start = await startRebuild(this.#parts.parts(), { ...request, kind: 'rebuild', nodes: [node] });
    if (start.kind !== 'started') return start;
    // A dry run says nothing of the node.
    if (!request.dryRun) this.#parts.tell({ kind: 'run-started', node, run: start.run });
    this.#attend(request.dryRun ? null : node, start);
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
        if (started !== undefined) this.#attend(nodeOf(run), started);
      } catch (error) {
        // The others must not suffer; a fault that waits for this one tries again.
        this.#parts.log.error({ err: error, run: run.id }, 'the run could not be taken up');
      }
    }
    for (const [node, { fault }] of Object.entries(state.nodes)) {
      if (fault?.course.kind === 'running') this.#settleFault(node, fault.course.run ?? fault.approval?.run ?? null);
    }
  }

  async #start(node: string, request: RebuildRequest): Promise<void> {
    const start = await startRebuild(this.#parts.parts(), request);
    switch (start.kind) {
      case 'busy':
        this.#parts.tell({ kind: 'run-busy', node });
        return;
      case 'refused':
        this.#parts.tell(endedBy(node, start.result));
        return;
      case 'started':
        this.#parts.tell({ kind: 'run-started', node, run: start.run });
        this.#attend(node, start);
        return;
    }
  }

  /** `node`: null for a run about several nodes, which no fault waits for. */
  #attend(node: string | null, started: StartedRebuild): void {
    const attended = this.#follow(node, started).finally(() => this.#attended.delete(started.run));
    this.#attended.set(started.run, attended);
  }

  async #follow(node: string | null, started: StartedRebuild): Promise<void> {
    try {
      const results = await started.attend((event) => this.#parts.onRunEvent(started.run, node, event));
      for (const result of results) if (result.node === node) this.#parts.tell(endedBy(node, result));
    } catch (error) {
      this.#parts.log.error({ err: error, node, run: started.run }, 'the run could not be attended to its end');
      if (node !== null)
        this.#parts.tell(ended(node, started.run, { outcome: 'interrupted', message: messageOf(error) }));
    }
  }

  /** What became of the run that a fault was left waiting for. */
  #settleFault(node: string, known: string | null): void {
    const { journal } = this.#parts.parts();
    const run = known === null ? journal.runs.list({ node, kinds: ['rebuild'], limit: 1 })[0] : journal.runs.get(known);
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
      this.#parts.tell(
        ended(node, id, {
          outcome: outcomeOf(run),
          gate: run?.gate ?? null,
          message: run?.message ?? 'the journal has lost the run',
        }),
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
      if (started !== undefined) return this.#attend(node, started);
    } catch (error) {
      this.#parts.log.error({ err: error, node, run: id }, 'the run could not be taken up');
    }
    return this.#awaitEnd(node, id);
  }
}

function nodeOf({ node, kind }: Run): string | null {
  return kind === 'rebuild' ? node : null;
}

function outcomeOf(run: Run | undefined): Outcome {
  const outcome = run?.outcome ?? 'interrupted';
  return outcome === 'done' ? 'interrupted' : outcome;
}

function endedBy(node: string, result: RebuildResult): PoolEvent {
  const { run, outcome, gate, message, pending } = result;
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
