import type { Hold } from '../pool/gates.ts';
import type { Journal } from '../store/journal.ts';
import type { Run } from '../store/runs.ts';

/** What this machine has tried of a node lately, as its runs tell it: for a process that keeps no fault in memory. */
export interface OwnAttempts {
  readonly attempts: number;
  /** ISO UTC; null without one. */
  readonly lastAttemptAt: string | null;
  /** A person stopped the last one. */
  readonly holds: readonly Hold[];
}

/** Counts the rebuilds of a node since that time (ISO UTC), or since a person resumed the node or the pool. */
export function ownAttempts(
  { runs, events }: Pick<Journal, 'runs' | 'events'>,
  node: string,
  since: string,
): OwnAttempts {
  const resumed = [...events.lately(['pause.cleared'], since, node), ...events.lately(['pool.resumed'], since)];
  const begin = [since, ...resumed.map(({ at }) => at)].toSorted().at(-1) ?? since;
  const done = runs.list({ node, kinds: ['rebuild'], since: begin });
  const tried = done.filter(isAttempt);
  const isStopped = done.find(({ outcome }) => outcome !== null && outcome !== 'refused')?.outcome === 'cancelled';
  const message = `a person stopped its last rebuild; \`regrow resume ${node}\` tries again`;
  return {
    attempts: tried.length,
    lastAttemptAt: tried[0]?.ended_at ?? null,
    holds: isStopped ? [{ gate: 'cancelled', message, forceable: false }] : [],
  };
}

/** It says something of the node or its image; that vCenter went away does not. */
function isAttempt({ outcome, class: failure }: Run): boolean {
  return (
    outcome === 'rebuilt' || outcome === 'interrupted' || (outcome === 'failed' && failure !== 'vcenter_unreachable')
  );
}
