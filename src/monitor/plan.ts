import { isDeepStrictEqual } from 'node:util';
import type { AnyCheck } from '../config/schema.ts';

/** A check of one node, as it is planned. */
export interface PlanEntry {
  readonly node: string;
  /** The check's name. */
  readonly name: string;
  readonly check: AnyCheck;
}

/** What is measured, by identity. An entry that is unchanged in the next plan stays the same object. */
export type Plan = ReadonlyMap<string, PlanEntry>;

/** Names a check of a node. Neither name can hold a space. */
export function identityOf({ node, name }: Pick<PlanEntry, 'node' | 'name'>): string {
  return `${node} ${name}`;
}

/** The next plan. Of two entries with one identity the later one counts. */
export function nextPlan(plan: Plan, entries: readonly PlanEntry[]): Plan {
  return new Map(
    entries.map((entry) => {
      const identity = identityOf(entry);
      const known = plan.get(identity);
      const isUnchanged = known !== undefined && isDeepStrictEqual(known.check, entry.check);
      return [identity, isUnchanged ? known : entry];
    }),
  );
}

type PingCheck = Extract<AnyCheck, { readonly type: 'ping' }>;
/** An entry that is measured in a round with others. */
export type PingEntry = PlanEntry & { readonly check: PingCheck };
/** An entry that is measured by itself. */
export type SoloEntry = PlanEntry & { readonly check: Exclude<AnyCheck, PingCheck> };

/** Whether the entry is a ping. */
function isPing(entry: PlanEntry): entry is PingEntry {
  return entry.check.type === 'ping';
}

/** Whether the entry is anything but a ping. */
export function isSolo(entry: PlanEntry): entry is SoloEntry {
  return entry.check.type !== 'ping';
}

/** The pings that share a round, by the round's identity: those with equal interval and timeout. No check has such an identity. */
export function pingRounds(plan: Plan): ReadonlyMap<string, readonly PingEntry[]> {
  const pings = [...plan.values()].filter(isPing);
  const rounds = new Map<string, PingEntry[]>();
  for (const ping of pings) {
    const identity = `${ping.check.interval}/${ping.check.timeout}`;
    const round = rounds.get(identity);
    if (round) round.push(ping);
    else rounds.set(identity, [ping]);
  }
  return rounds;
}
