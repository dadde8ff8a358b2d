import { userInfo } from 'node:os';
import type { Environment } from '../config/environment.ts';

/** Who gives an order, for the record: the user behind sudo, else the one that this process runs as. It proves nothing. */
export function operatorName(env: Environment): string {
  const behindSudo = env['SUDO_USER'];
  if (behindSudo !== undefined && /^[\w.@-]{1,64}$/.test(behindSudo)) return behindSudo;
  try {
    return userInfo().username;
  } catch {
    // A uid without an entry in the user database, as containers have it.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
