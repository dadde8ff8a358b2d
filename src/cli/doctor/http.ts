import { isOpenWide, openWideWarning } from '../../config/open-wide.ts';
import type { Config } from '../../config/schema.ts';
import { readTlsFiles } from '../../config/tls-files.ts';
import { RegrowError } from '../../errors.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Whether the HTTP interface can be had, and by whom it can be read on its way. */
export async function httpFindings({ http }: Config): Promise<readonly Finding[]> {
  const item = 'http';
  if (isOpenWide(http))
    return [warn(item, openWideWarning, 'set http.tls, or see that only the pool and you reach that network')];
  try {
    const files = await readTlsFiles(http);
    return [ok(item, files === null ? `${http.listen}, this machine alone` : `${http.listen}, by TLS`)];
  } catch (error) {
    if (!(error instanceof RegrowError)) throw error;
    return [fail(item, error.message, error.remedy ?? 'see http.tls in regrow.yml')];
  }
}
