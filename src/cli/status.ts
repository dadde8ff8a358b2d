import type { Command } from 'commander';
import type { Config } from '../config/schema.ts';
import { RegrowError, type ErrorCode } from '../errors.ts';
import { exitCodes } from '../pool/outcome.ts';
import { poolStatus, type NodeReason, type NodeStatus, type PoolStatus } from '../store/pool-status.ts';
import type { CliContext } from './context.ts';
import { renderTable, type Style } from './output.ts';
import { ago, localTime } from './when.ts';

/** What `status` is handed by the program. */
export interface StatusSeams {
  /** Asks vCenter and records the answer in the journal. Throws when it could not be asked or read. */
  readonly refresh?: (context: CliContext) => Promise<void>;
}

/** The JSON answer of `regrow status`. */
export interface StatusAnswer extends PoolStatus {
  /** Whether vCenter was asked just now. */
  readonly refreshed: boolean;
  /** Why it could not be asked. */
  readonly refresh_error: string | null;
}

interface StatusOptions {
  readonly refresh: boolean;
}

/** Readings older than this many intervals, and than five minutes, are not the present any more. */
const staleIntervals = 3;
const staleAtLeastMs = 5 * 60_000;

/** `regrow status`: the pool at a glance; exit code 0 when every node is healthy, else 3. */
export function register(program: Command, context: CliContext, seams: StatusSeams = { refresh: askVCenter }): void {
  program
    .command('status')
    .description('the pool at a glance')
    .option('--no-refresh', 'tell what the journal knows, without asking vCenter')
    .action(
      context.run(async ({ refresh }: StatusOptions) => {
        const { config } = await context.config();
        const asked = refresh && seams.refresh !== undefined ? await tryRefresh(context, seams.refresh) : notAsked;
        const answer = { ...(await readStatus(context, config)), ...asked };
        await context.answer(answer, () => renderStatus(answer, context.style));
        if (asked.refresh_error !== null) {
          context.say(
            `${context.errorStyle.yellow('warning:')} vCenter was not read: ${asked.refresh_error.replace(/\.$/, '')}. This is what the journal knows.`,
          );
        }
        // A pool that cannot be read is not known to be healthy.
        return answer.healthy && asked.refresh_error === null ? exitCodes.done : exitCodes.degraded;
      }),
    );
}

type Asked = Pick<StatusAnswer, 'refreshed' | 'refresh_error'>;
const notAsked: Asked = { refreshed: false, refresh_error: null };

/** Faults in which the journal is still worth showing. An operator's shell often lacks the service's secrets. */
const leavesTheJournal: readonly ErrorCode[] = ['DISCOVERY_FAILED', 'SECRET_UNAVAILABLE', 'ANSIBLE_MISSING'];

async function askVCenter(context: CliContext): Promise<void> {
  const { partsFor } = await import('./parts.ts');
  const { discoverPool } = await import('../remediation/discover.ts');
  await discoverPool(await partsFor(context));
}

async function tryRefresh(context: CliContext, refresh: (context: CliContext) => Promise<void>): Promise<Asked> {
  try {
    await refresh(context);
    return { refreshed: true, refresh_error: null };
  } catch (error) {
    if (error instanceof RegrowError && leavesTheJournal.includes(error.code))
      return { refreshed: false, refresh_error: error.message };
    throw error;
  }
}

async function readStatus(context: CliContext, config: Config): Promise<PoolStatus> {
  return poolStatus(await context.journal(), {
    pool: config.pool.name,
    nodes: config.pool.nodes.map((node) => node.name),
    nowIso: new Date().toISOString(),
    staleAfterMs: Math.max(staleAtLeastMs, staleIntervals * config.discovery.interval),
  });
}

/** What people read of the pool. */
export function renderStatus(status: PoolStatus, style: Style): string {
  const nowMs = Date.parse(status.at);
  const rows = status.nodes.map((node) => [
    node.name,
    stateText(node, style),
    node.address ?? '-',
    node.moid ?? '-',
    node.seen_at === null ? 'never' : ago(node.seen_at, nowMs),
    lastRunText(node, nowMs),
  ]);
  const table = renderTable(['NODE', 'STATE', 'ADDRESS', 'VM', 'SEEN', 'LAST RUN'], rows, style);
  const healthyCount = status.nodes.filter((node) => node.state === 'healthy').length;
  const summary = `${healthyCount} of ${status.nodes.length} nodes of ${status.pool} healthy`;
  const pauses = status.pauses.map(({ scope, until, by, reason }) => {
    const whom = scope === 'pool' ? 'the whole pool' : scope.slice('node/'.length);
    return style.yellow(`paused: ${whom}, by ${by}${until === null ? '' : ` until ${localTime(until)}`}: ${reason}`);
  });
  return `${table}\n${[status.healthy ? style.green(summary) : style.yellow(summary), ...pauses].join('\n')}\n`;
}

const reasonTexts: Readonly<Record<NodeReason, string>> = {
  well: '',
  being_rebuilt: '',
  never_seen: 'never seen',
  seen_too_long_ago: 'not seen lately',
  missing: 'no VM',
  powered_off: 'powered off',
  host_lost: 'its host is lost',
  uncertified: 'not certified',
  no_address: 'no address',
  no_heartbeat: 'no heartbeat',
};

function stateText(node: NodeStatus, style: Style): string {
  const reason = reasonTexts[node.reason];
  const text = reason === '' ? node.state : `${node.state}: ${reason}`;
  switch (node.state) {
    case 'healthy':
      return style.green(text);
    case 'unhealthy':
      return style.red(text);
    case 'unknown':
    case 'rebuilding':
      return style.yellow(text);
  }
}

function lastRunText({ last_run: run }: NodeStatus, nowMs: number): string {
  if (run === null) return '-';
  const outcome = run.outcome === null ? `${run.kind} ${run.step ?? run.state}` : (run.class ?? run.outcome);
  return `${outcome} ${ago(run.ended_at ?? run.started_at, nowMs)}`;
}
