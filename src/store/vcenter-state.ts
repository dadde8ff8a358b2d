import type { NodeRecord } from './nodes.ts';

/** The first thing that speaks against a node, as vCenter was last read. */
export type VCenterState =
  | 'well'
  | 'never_seen'
  | 'seen_too_long_ago'
  | 'missing'
  | 'powered_off'
  | 'host_lost'
  | 'uncertified'
  | 'no_address'
  | 'no_heartbeat';

/** vCenter's words are taken with and without its own prefix (`poweredOn`, `on`). What is older than `staleAfterMs` is not the present. */
export function vcenterState(
  seen: NodeRecord | undefined,
  { nowMs, staleAfterMs }: { readonly nowMs: number; readonly staleAfterMs: number },
): VCenterState {
  if (seen === undefined) return 'never_seen';
  if (nowMs - Date.parse(seen.seen_at) > staleAfterMs) return 'seen_too_long_ago';
  if (seen.moid === null) return 'missing';
  if (seen.connection !== null && seen.connection !== 'connected') return 'host_lost';
  if (seen.power !== 'poweredOn' && seen.power !== 'on') return 'powered_off';
  if (!seen.certified) return 'uncertified';
  if (seen.heartbeat !== null && seen.heartbeat !== 'green') return 'no_heartbeat';
  if (seen.address === null) return 'no_address';
  return 'well';
}
