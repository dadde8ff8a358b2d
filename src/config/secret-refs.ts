import type { Environment } from './environment.ts';
import { secretProperties } from './image-properties.ts';
import type { Config } from './schema.ts';
import { resolveSecret, type SecretRef } from './secret.ts';

/** A secret of the configuration: its place in it, and where it comes from. */
export interface ConfiguredSecret {
  readonly path: readonly PropertyKey[];
  readonly source: SecretRef;
}

/** Every secret that the configuration holds or refers to. */
export function configuredSecrets(config: Config): readonly ConfiguredSecret[] {
  const { mail, webhook } = config.notify;
  const single = [
    { path: ['vcenter', 'password'], source: config.vcenter.password },
    { path: ['http', 'token'], source: config.http.token },
    { path: ['notify', 'mail', 'password'], source: mail?.password },
    { path: ['notify', 'webhook', 'secret'], source: webhook?.secret },
  ];
  return [...single.flatMap(({ path, source }) => (source ? [{ path, source }] : [])), ...secretProperties(config)];
}

/** A shorter value of an OVF property, such as `password_max_days: 90`, stands everywhere by chance. */
const shortestProperty = 6;

/** Their values, as far as they can be read now: to be kept out of whatever is written. */
export async function secretValues(config: Config, env: Environment): Promise<readonly string[]> {
  const values = await Promise.all(
    configuredSecrets(config).map(async ({ path, source }) => {
      const value = await resolveSecret(source, env).catch(() => '');
      return path.includes('properties') && value.length < shortestProperty ? '' : value;
    }),
  );
  return [...new Set([...values, ...webhookKeys(config)])].filter((value) => value !== '');
}

/** What follows the host in a webhook's URL is often a key. A short path, such as /hook, is none. */
function webhookKeys({ notify }: Config): readonly string[] {
  if (notify.webhook === null) return [];
  const { pathname, search } = new URL(notify.webhook.url);
  return [pathname, search].filter((text) => text.length > 12);
}
