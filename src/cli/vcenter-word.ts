import type { Config } from '../config/schema.ts';
import type { ProbeResult } from '../monitor/probes/probe-result.ts';
import type { Journal } from '../store/journal.ts';

/** What vCenter said of a node's VM, as the journal has it. */
export interface VCenterWord {
  /** The last address of its VM. */
  readonly address: string | undefined;
  /** What counts whoever answers; undefined: the checks decide. */
  readonly counts: ProbeResult | undefined;
}

/** As for a daemon: of a younger reading than this many intervals, and than a minute, vCenter's word counts. */
const freshIntervals = 3;
const freshAtLeastMs = 60_000;

/**
 * Off or suspended has failed; what is being built is nobody's to judge. A VM that is missing from a reading is measured at its last
 * address: lists can lack VMs that work, and the journal does not tell gone from ambiguous.
 */
export function vcenterWord(journal: Pick<Journal, 'nodes'>, config: Config, node: string, now: Date): VCenterWord {
  const seen = journal.nodes.get(node);
  const known = journal.nodes.lastKnown(node);
  const address = known?.address ?? undefined;
  const freshMs = Math.max(freshAtLeastMs, freshIntervals * config.discovery.interval);
  if (seen === undefined || known === undefined || now.getTime() - Date.parse(seen.seen_at) > freshMs)
    return { address, counts: undefined };
  // A half-built VM under the name is not recorded as the node's last known one.
  if (seen.moid === null) return { address, counts: undefined };
  if (seen.instance_uuid !== known.instance_uuid)
    return { address, counts: { status: 'unknown', latencyMs: null, detail: 'it is being built' } };
  const isConnected = seen.connection === 'connected' || seen.connection === null;
  const isDown = seen.power === 'poweredOff' || seen.power === 'suspended';
  return {
    address,
    counts:
      isConnected && isDown ? { status: 'failed', latencyMs: 0, detail: `vCenter says: ${seen.power}` } : undefined,
  };
}
