import { isLoopbackHost, parseListenAddress } from './listen-address.ts';
import type { Config } from './schema.ts';

const unheard = 'the nodes cannot ask each other for votes, and one that hangs or is cut off is not rebuilt';

/** What is said about a pool whose controllers cannot ask each other, by the key of `http` that stands in the way. */
export const outOfReachWarnings = {
  token: `without http.token ${unheard}`,
  listen: `with an http.listen that only its own machine reaches ${unheard}`,
} as const;

/**
 * What keeps the controllers of several nodes from asking each other. An admin host's own file counts like a node's: the nodes that are built
 * from there get its `http`.
 */
export function outOfReach({
  pool,
  http,
}: Pick<Config, 'pool' | 'http'>): readonly (keyof typeof outOfReachWarnings)[] {
  if (pool.nodes.length < 2) return [];
  const host = parseListenAddress(http.listen)?.host;
  const isAlone = host !== undefined && isLoopbackHost(host);
  return [...(http.token === null ? (['token'] as const) : []), ...(isAlone ? (['listen'] as const) : [])];
}
