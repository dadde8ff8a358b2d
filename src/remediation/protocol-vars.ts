import { join } from 'node:path';
import { takeoverAfterMs } from '../config/node-settings.ts';
import type { Pending } from './conclude-rebuild.ts';
import type { ControllerParts } from './controller-parts.ts';
import { monotonicNow } from './monotonic.ts';
import { runFolderOf } from './playbook-run.ts';

/** What this controller knows of earlier runs: extra-vars of every playbook that claims or settles. */
export function protocolVars(parts: ControllerParts, nodes: readonly string[], run: string): object {
  const { config, journal } = parts;
  const lastKnown: Record<string, object> = {};
  const deadRuns = new Set<string>();
  const expired = new Set<string>();
  const clock = monotonicNow();
  for (const node of nodes) {
    const known = journal.nodes.lastVm(node);
    if (known !== undefined) lastKnown[node] = known;
    for (const each of journal.runs.list({ node, kinds: ['rebuild', 'bootstrap'], limit: 50 })) {
      if (each.state === 'done') deadRuns.add(each.id);
    }
    const before = clock.ms - takeoverAfterMs(config);
    for (const print of journal.observations.unchangedSince(claimKey(node, ''), clock.bootId, before))
      expired.add(print);
  }
  for (const each of journal.runs.list({ kinds: ['bootstrap'], limit: 50 }))
    if (each.state === 'done') deadRuns.add(each.id);
  return {
    regrow_run: run,
    regrow_command: parts.command,
    regrow_work_dir: join(runFolderOf(config, run), 'tmp'),
    regrow_until: new Date(parts.now().getTime() + config.remediation.deadline).toISOString(),
    regrow_last_known: lastKnown,
    regrow_dead_runs: [...deadRuns],
    regrow_expired: [...expired],
  };
}

/** What a reading of the pool has to know, to tell what others work on from what this controller's dead runs left. */
export function readingVars(parts: ControllerParts, nodes: readonly string[], run: string): object {
  const { journal } = parts;
  const known = nodes.flatMap((node) => {
    const vm = journal.nodes.lastVm(node);
    return vm === undefined ? [] : [[node, vm] as const];
  });
  const runs = journal.runs.list({ kinds: ['rebuild', 'bootstrap'], limit: 200 });
  return {
    regrow_run: run,
    regrow_last_known: Object.fromEntries(known),
    regrow_dead_runs: runs.filter(({ state }) => state === 'done').map(({ id }) => id),
  };
}

/** Remembers what somebody else holds, so that this controller can tell, by its own clock, when it stood still for too long. Returns since when it has. */
export function notePending({ journal }: ControllerParts, node: string, pending: Pending): number {
  const { incident, generation, fingerprint } = pending;
  const clock = monotonicNow();
  return journal.observations.seen(claimKey(node, `${incident}.${generation}`), fingerprint, clock.bootId, clock.ms);
}

/** The observation key of a claim or a half-built VM. */
function claimKey(node: string, incidentAndGeneration: string): string {
  return `claim/${node}/${incidentAndGeneration}`;
}
