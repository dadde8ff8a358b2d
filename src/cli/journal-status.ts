import { poolPolicy } from '../config/pool-policy.ts';
import { RegrowError, type ErrorCode } from '../errors.ts';
import { initialState } from '../pool/node-state.ts';
import type { NodeReport } from '../pool/report.ts';
import { faultMemory } from '../remediation/fault-memory.ts';
import { LatestResults } from '../remediation/latest-results.ts';
import { poolReport } from '../remediation/report.ts';
import type { Journal } from '../store/journal.ts';
import { vcenterState, type VCenterState } from '../store/vcenter-state.ts';
import type { CliContext } from './context.ts';
import type { StatusReport } from './report-text.ts';

/** What asks vCenter and records the answer in the journal. Throws when it could not be asked or read. */
export type Refresh = (context: CliContext) => Promise<void>;

/** Readings older than this many intervals, and than five minutes, are not the present any more. */
const staleIntervals = 3;
const staleAtLeastMs = 5 * 60_000;

/** Faults in which the journal is still worth showing. An operator's shell often lacks the service's secrets. */
const leavesTheJournal: readonly ErrorCode[] = ['DISCOVERY_FAILED', 'SECRET_UNAVAILABLE', 'ANSIBLE_MISSING'];

/**
 * The pool where no controller runs, in the shape of a controller's report: faults as the journal has them, and of nodes without one what
 * vCenter says, after it was asked; without asking it where no way to do so is given.
 */
export async function journalStatus(context: CliContext, refresh: Refresh | undefined): Promise<StatusReport> {
  const { config, membership } = await context.config();
  const asked = refresh === undefined ? { ok: false, error: null } : await tryRefresh(context, refresh);
  const journal = await context.journal();
  const now = new Date();
  const policy = poolPolicy(config, { self: null, builder: '', isTakenOut: false });
  const nodes = Object.keys(policy.nodes);
  const nowMs = now.getTime();
  const clock = { monotonicMs: () => nowMs, now: () => now };
  const memory = faultMemory({ journal, ...clock, bootId: '', nodes: () => nodes });
  const readings = nodes.flatMap((name) => journal.nodes.get(name)?.seen_at ?? []).toSorted();
  const report = poolReport({
    config,
    policy,
    journal,
    state: initialState(policy, memory.load(), nowMs, {
      rebuiltAt: memory.rebuiltAt(),
      brake: memory.brake(policy.stabilityWindowMs),
    }),
    results: new LatestResults(),
    controller: { name: '', node: null, version: '', started_at: '' },
    discovery: { ...asked, at: readings.at(-1) ?? null },
    membership: {
      version: membership.record?.version ?? 0,
      by: membership.record?.by ?? null,
      conflict: membership.problem,
    },
    images: [],
    hostChecks: [],
    since: () => null,
    trusted: false,
    nowMs,
    now,
  });
  const staleAfterMs = Math.max(staleAtLeastMs, staleIntervals * config.discovery.interval);
  const told = report.nodes.map((node) => byVCentersWord(node, journal, { nowMs, staleAfterMs }));
  return { ...report, controller: null, healthy: told.every(({ state }) => state === 'healthy'), nodes: told };
}

/** Nothing is measured where no controller runs: of a node without an open fault vCenter's word is all there is. */
function byVCentersWord(
  node: NodeReport,
  journal: Journal,
  at: { readonly nowMs: number; readonly staleAfterMs: number },
): NodeReport {
  const run = node.last_run;
  if (run !== null && (run.state === 'intent' || run.state === 'running') && run.kind !== 'restore')
    return { ...node, state: 'remediating', why: `${run.kind} ${run.step ?? run.state} (run ${run.id})` };
  if (node.fault !== null) return node;
  const seen = vcenterState(journal.nodes.get(node.name), at);
  return { ...node, ...words[seen] };
}

const words: Readonly<Record<VCenterState, Pick<NodeReport, 'state' | 'why'>>> = {
  well: { state: 'healthy', why: 'vCenter shows it powered on and certified; nothing measures it' },
  never_seen: { state: 'unknown', why: 'never seen in vCenter' },
  seen_too_long_ago: { state: 'unknown', why: 'not seen in vCenter lately' },
  missing: { state: 'faulted', why: 'vCenter has no VM of its name' },
  powered_off: { state: 'faulted', why: 'its VM is powered off' },
  host_lost: { state: 'unknown', why: "vCenter has lost its VM's host" },
  uncertified: { state: 'faulted', why: 'its VM is not certified' },
  no_address: { state: 'faulted', why: 'vCenter shows no address of it' },
  no_heartbeat: { state: 'unknown', why: 'vCenter shows no heartbeat of it' },
};

/** Asks vCenter by a run of Ansible. */
export async function askVCenter(context: CliContext): Promise<void> {
  const { partsFor } = await import('./parts.ts');
  const { discoverPool } = await import('../remediation/discover.ts');
  await discoverPool(await partsFor(context));
}

async function tryRefresh(
  context: CliContext,
  refresh: Refresh,
): Promise<{ readonly ok: boolean; readonly error: string | null }> {
  try {
    await refresh(context);
    return { ok: true, error: null };
  } catch (error) {
    if (error instanceof RegrowError && leavesTheJournal.includes(error.code))
      return { ok: false, error: error.message };
    throw error;
  }
}
