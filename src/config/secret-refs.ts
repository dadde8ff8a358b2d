import type { Environment } from './environment.ts';
import type { Config } from './schema.ts';
import { resolveSecret, type SecretRef } from './secret.ts';

/** Every secret that the configuration refers to. */
export function secretRefs(config: Config): readonly SecretRef[] {
  const { mail, webhook } = config.notify;
  const refs = [config.vcenter.password, config.http.token, mail?.password, webhook?.secret];
  return refs.filter((ref) => ref !== null && ref !== undefined);
}

/** Their values, as far as they can be read now: to be kept out of whatever is written. */
export async function secretValues(config: Config, env: Environment): Promise<readonly string[]> {
  const values = await Promise.all(secretRefs(config).map((ref) => resolveSecret(ref, env).catch(() => '')));
  return [...new Set([...values, ...webhookKeys(config)])].filter((value) => value !== '');
}

/** What follows the host in a webhook's URL is often a key. A short path, such as /hook, is none. */
function webhookKeys({ notify }: Config): readonly string[] {
  if (notify.webhook === null) return [];
  const { pathname, search } = new URL(notify.webhook.url);
  return [pathname, search].filter((text) => text.length > 12);
}
