import { isIP } from 'node:net';

/** Where people see the status page that a server shows: an address that others reach, or a word on why there is none. */
export function pageOf(url: string, own: { readonly address: string | null; readonly self: string }): string {
  const { protocol, hostname, port } = new URL(url);
  const isEverywhere = hostname === '0.0.0.0' || hostname === '[::]';
  if (!isEverywhere) return isLoopback(hostname) ? `${url}/ on ${own.self}` : `${url}/`;
  const host = own.address ?? own.self;
  return `${protocol}//${isIP(host) === 6 ? `[${host}]` : host}:${port}/`;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
