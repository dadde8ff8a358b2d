import { isOpenWide, openWideWarning } from '../../config/open-wide.ts';
import { outOfReach, outOfReachWarnings } from '../../config/out-of-reach.ts';
import type { Config } from '../../config/schema.ts';
import { readTlsFiles } from '../../config/tls-files.ts';
import { RegrowError } from '../../errors.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Whether the HTTP interface can be had, by whom it can be read on its way, and whether the controllers can ask each other. */
export async function httpFindings(config: Config): Promise<readonly Finding[]> {
  return [await serverFinding(config), ...peerFindings(config)];
}

async function serverFinding({ http }: Config): Promise<Finding> {
  const item = 'http';
  if (isOpenWide(http))
    return warn(item, openWideWarning, 'set http.tls, or see that only the pool and you reach that network');
  try {
    const files = await readTlsFiles(http);
    return ok(item, files === null ? `${http.listen}, this machine alone` : `${http.listen}, by TLS`);
  } catch (error) {
    if (!(error instanceof RegrowError)) throw error;
    return fail(item, error.message, error.remedy ?? 'see http.tls in regrow.yml');
  }
}

const remedies = {
  token: 'set http.token to {file: /etc/regrow/token}, and give every machine of the pool that file',
  listen: 'set http.listen to 0.0.0.0:8460, on every node and on the machine that builds them',
} as const;

function peerFindings(config: Config): readonly Finding[] {
  return outOfReach(config).map((key) => warn('peers', outOfReachWarnings[key], remedies[key]));
}
