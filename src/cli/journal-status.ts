import { RegrowError, type ErrorCode } from '../errors.ts';
import { poolStatus, type PoolStatus } from '../store/pool-status.ts';
import type { CliContext } from './context.ts';

/** What asks vCenter and records the answer in the journal. Throws when it could not be asked or read. */
export type Refresh = (context: CliContext) => Promise<void>;

/** The JSON answer of `regrow status` where no controller runs. */
export interface StatusAnswer extends PoolStatus {
  /** Whether vCenter was asked just now. */
  readonly refreshed: boolean;
  /** Why it could not be asked. */
  readonly refresh_error: string | null;
}

/** Readings older than this many intervals, and than five minutes, are not the present any more. */
const staleIntervals = 3;
const staleAtLeastMs = 5 * 60_000;

/** Faults in which the journal is still worth showing. An operator's shell often lacks the service's secrets. */
const leavesTheJournal: readonly ErrorCode[] = ['DISCOVERY_FAILED', 'SECRET_UNAVAILABLE', 'ANSIBLE_MISSING'];

/** The pool by the journal, after vCenter was asked; without asking it where no way to do so is given. */
export async function journalStatus(context: CliContext, refresh: Refresh | undefined): Promise<StatusAnswer> {
  const { config } = await context.config();
  const asked = refresh === undefined ? { refreshed: false, refresh_error: null } : await tryRefresh(context, refresh);
  const status = poolStatus(await context.journal(), {
    pool: config.pool.name,
    nodes: config.pool.nodes.map((node) => node.name),
    nowIso: new Date().toISOString(),
    staleAfterMs: Math.max(staleAtLeastMs, staleIntervals * config.discovery.interval),
  });
  return { ...status, ...asked };
}

/** Asks vCenter by a run of Ansible. */
export async function askVCenter(context: CliContext): Promise<void> {
  const { partsFor } = await import('./parts.ts');
  const { discoverPool } = await import('../remediation/discover.ts');
  await discoverPool(await partsFor(context));
}

async function tryRefresh(
  context: CliContext,
  refresh: Refresh,
): Promise<Pick<StatusAnswer, 'refreshed' | 'refresh_error'>> {
  try {
    await refresh(context);
    return { refreshed: true, refresh_error: null };
  } catch (error) {
    if (error instanceof RegrowError && leavesTheJournal.includes(error.code))
      return { refreshed: false, refresh_error: error.message };
    throw error;
  }
}
