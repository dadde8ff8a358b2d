import { calm, type Brake } from './brake.ts';
import type { Effect, PoolEvent } from './events.ts';
import type { PoolState } from './node-state.ts';
import { leadsToRebuild, type PoolPolicy } from './policy.ts';
import type { Turn } from './turn.ts';

/*
 * The storm brake: when rebuilds do not help, or there are more of them than the pool allows, nothing more is rebuilt by itself until a
 * person resumes the pool, or it has been quiet for a time. Times are monotonic.
 */

const hourMs = 60 * 60_000;

/** A person releases it: what was before counts no more. */
export function released({ rebuilt }: Brake): Brake {
  return { ...calm, rebuilt };
}

/** Another VM is certified under the name: somebody rebuilt the node, within the time that this controller has watched it. */
export function isRebuilt(effect: Effect): boolean {
  return effect.kind === 'record' && tellsOfRebuild(effect);
}

/** The same of an event in the journal. */
export function tellsOfRebuild({
  type,
  data,
}: {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}): boolean {
  if (type === 'node.replaced') return data['unwatched'] !== true;
  return type === 'fault.closed' && data['reason'] === 'rebuilt';
}

/** The brake after what happened to the turn's node; `effects`: what was told of it. */
export function brakeAfter(
  turn: Turn,
  effects: readonly Effect[],
  event: PoolEvent,
): { readonly brake: Brake; readonly effects: readonly Effect[] } {
  const { name, pool, policy, now } = turn;
  const { brake } = pool;
  const setback = setbackOf(turn, effects, event);
  const isNew = effects.some(isRebuilt);
  if (setback === null && !isNew) return { brake, effects: [] };
  const rebuilt = isNew ? { ...brake.rebuilt, [name]: now } : brake.rebuilt;
  const before = brake.setbacks.filter((at) => now - at < policy.stabilityWindowMs);
  const setbacks = setback === null ? before : [...before, now];
  const told: Effect[] = setback === null ? [] : [tell(name, 'storm.setback', { what: setback })];
  if (brake.storm !== null)
    return { brake: { rebuilt, setbacks: [], storm: { ...brake.storm, stirredAt: now } }, effects: told };
  const reason = reasonToTrip(turn, setbacks);
  if (reason === null) return { brake: { rebuilt, setbacks, storm: null }, effects: told };
  const text = `the storm brake of the pool is tripped: ${reason}; nothing is rebuilt by itself before \`regrow resume\`, or a quiet time`;
  return {
    brake: { rebuilt, setbacks: [], storm: { since: now, reason, stirredAt: now } },
    effects: [...told, tell(null, 'storm.tripped', { reason }), { kind: 'alert', node: name, text }],
  };
}

/** A rebuild that failed here, or a node that went faulty soon after it was rebuilt. */
function setbackOf(
  { name, pool, policy, now }: Turn,
  effects: readonly Effect[],
  event: PoolEvent,
): 'failed' | 'relapsed' | null {
  if (event.kind === 'run-ended' && event.isAttempt && (event.outcome === 'failed' || event.outcome === 'interrupted'))
    return 'failed';
  const rebuiltAt = pool.brake.rebuilt[name];
  if (rebuiltAt === undefined || now - rebuiltAt >= policy.stabilityWindowMs) return null;
  return losesNode({ name, pool, policy }, effects) ? 'relapsed' : null;
}

/** Whether the node is faulty from now on by what can lead to a rebuild: what only alerts takes no node from the pool, and no rebuild would help. */
function losesNode({ name, pool, policy }: Omit<Turn, 'now'>, effects: readonly Effect[]): boolean {
  const news = effects.find((effect) => effect.kind === 'record' && /^fault\.(opened|widened)$/.test(effect.type));
  if (news?.kind !== 'record') return false;
  const checks = policy.nodes[name]?.checks ?? {};
  const deciding = Object.entries(pool.nodes[name]?.checks ?? {}).filter(([check, { verdict }]) => {
    const action = checks[check]?.action;
    return verdict === 'unhealthy' && action !== undefined && leadsToRebuild(action);
  });
  if (news.type === 'fault.widened') return news.data['check'] === deciding[0]?.[0] && deciding.length === 1;
  const { checks: failed } = news.data;
  return !Array.isArray(failed) || failed.length === 0 || deciding.length > 0;
}

function reasonToTrip({ pool, policy, now }: Turn, setbacks: readonly number[]): string | null {
  const recent = pool.rebuiltAt.filter((at) => now - at < hourMs).length;
  if (recent > policy.maxPerHour) return `${recent} rebuilds within the last hour, at most ${policy.maxPerHour} may be`;
  if (setbacks.length < policy.stormAfter) return null;
  return `${setbacks.length} rebuilds failed, or did not last, within the stability window`;
}

/** The pool with a brake that has been quiet for long enough released. */
export function afterQuiet(
  pool: PoolState,
  policy: PoolPolicy,
  now: number,
): { readonly pool: PoolState; readonly effects: readonly Effect[] } {
  const { storm } = pool.brake;
  if (storm === null || now < storm.stirredAt + policy.stormQuietMs) return { pool, effects: [] };
  return {
    pool: { ...pool, brake: released(pool.brake) },
    effects: [tell(null, 'storm.over', { after: 'a quiet time' })],
  };
}

/** When the quiet time is over. */
export function stormWakes({ brake }: PoolState, { stormQuietMs }: PoolPolicy): readonly number[] {
  return brake.storm === null ? [] : [brake.storm.stirredAt + stormQuietMs];
}

function tell(node: string | null, type: string, data: Readonly<Record<string, unknown>>): Effect {
  return { kind: 'record', node, type, data };
}
