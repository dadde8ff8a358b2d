import { hostname, networkInterfaces } from 'node:os';
import { portOf } from './client.ts';

/** Whether the controller that listens there is this one, as far as it can be told without asking a name server. `listen`: this one's `http.listen`. */
export function isOwnAddress(
  { host, port }: { readonly host: string; readonly port: number },
  listen: string,
): boolean {
  if (port !== portOf(listen)) return false;
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return host === hostname() || host === 'localhost' || addresses.some(({ address }) => address === host);
}
