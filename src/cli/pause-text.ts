import { member } from '../config/document.ts';
import type { Config } from '../config/schema.ts';
import type { Pause, PauseScope } from '../store/pauses.ts';
import { inert } from './terminal-text.ts';
import { localTime } from './when.ts';

/** A pause as it is told. */
export type ToldPause = Omit<Pause, 'scope'> & { readonly scope: string };

/** A pause as a controller tells of it. */
export function pauseIn(value: unknown): ToldPause {
  const text = (key: string): string => {
    const found = member(value, key);
    return typeof found === 'string' ? found : '';
  };
  const until = text('until');
  return {
    scope: text('scope'),
    until: until === '' ? null : until,
    reason: text('reason'),
    by: text('by'),
    at: text('at'),
  };
}

/** What an order is about: one node of the pool, or all of it. Throws NODE_UNKNOWN. */
export async function scopeOf(config: Config, node: string | undefined): Promise<PauseScope> {
  if (node === undefined) return 'pool';
  const { nodeSettings } = await import('../config/node-settings.ts');
  return `node/${nodeSettings(config, node).name}`;
}

/** The scope as people call it. */
export function scopeText(scope: string): string {
  return scope === 'pool' ? 'the whole pool' : scope.replace(/^node\//, '');
}

/** A pause in a few words: `until 2026-01-31 12:00:03, by alice: new disk`. */
export function pauseText({ until, by, reason }: Pick<Pause, 'until' | 'by' | 'reason'>): string {
  const time = until === null ? 'until it is resumed' : `until ${localTime(until)}`;
  return `${time}, by ${inert(by)}${reason === '' ? '' : `: ${inert(reason)}`}`;
}
