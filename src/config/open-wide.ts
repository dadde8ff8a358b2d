import { isLoopbackHost, parseListenAddress } from './listen-address.ts';
import type { Config } from './schema.ts';

/** What is said about a server that others reach without TLS. */
export const openWideWarning =
  'http.listen is reachable from other machines without TLS (http.tls): whoever is between them reads the token and every answer';

/** Whether other machines reach the HTTP server, and it speaks plain HTTP. */
export function isOpenWide({ listen, tls }: Config['http']): boolean {
  const host = parseListenAddress(listen)?.host;
  return tls === null && host !== undefined && !isLoopbackHost(host);
}
