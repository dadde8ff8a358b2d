import type { Vote } from './consultation.ts';
import type { PoolState } from './node-state.ts';
import { modeOf, type PoolPolicy } from './policy.ts';

/** What decides whether this machine may end itself, for the others to rebuild it should it not come back. */
export interface RebootCase {
  readonly policy: Pick<PoolPolicy, 'self' | 'nodes' | 'mode'>;
  readonly pool: PoolState;
  /** What the other observers of this machine say of it. */
  readonly votes: readonly Pick<Vote, 'observer' | 'answer' | 'subject' | 'isTrusted'>[];
  /** This machine was rebooted for a check within the stability window. */
  readonly wasRebootedLately: boolean;
}

/**
 * Why this machine must not reboot itself; null when it may. It does only as a certified node whose pool is otherwise well, by the word of
 * at least one other controller that trusts itself and knows this very VM: should it not come back, that one rebuilds it.
 */
export function rebootHold({ policy, pool, votes, wasRebootedLately }: RebootCase): string | null {
  const { self, nodes } = policy;
  const mode = modeOf(policy, self);
  if (self === null) return 'this machine is no node of the pool: nobody would rebuild it';
  if (Object.keys(nodes).length < 2) return 'this machine is alone in its pool: nobody would rebuild it';
  if (mode !== 'act') return `safety.mode is ${mode}`;
  const pause = pool.pauses.find(({ scope }) => scope === 'pool' || scope === `node/${self}`);
  if (pause !== undefined) return `${pause.scope} is paused: ${pause.reason}`;
  if (!pool.isReadable) return 'vCenter cannot be read';
  const found = pool.nodes[self]?.read?.found;
  if (found?.kind !== 'vm' || found.mark !== 'certified')
    return 'vCenter does not show this machine as a certified node';
  const other = Object.entries(pool.nodes).find(([name, { fault }]) => name !== self && fault !== null);
  if (other !== undefined) return `${other[0]} has failed as well: the pool needs this machine`;
  if (wasRebootedLately) return 'it was rebooted for a check within safety.stability_window already';
  const uuid = found.vm.instanceUuid;
  const isGuardian = (vote: RebootCase['votes'][number]): boolean =>
    vote.answer !== 'silent' && vote.isTrusted && vote.subject === uuid;
  return votes.some(isGuardian)
    ? null
    : 'no other controller says that it knows this machine, so nobody would rebuild it';
}
