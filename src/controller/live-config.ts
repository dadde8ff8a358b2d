import { isTakenOut } from '../config/effective.ts';
import type { Environment } from '../config/environment.ts';
import type { LoadedConfig } from '../config/load.ts';
import { machineName, nodeNames, resolveSelf } from '../config/node-settings.ts';
import { poolPolicy } from '../config/pool-policy.ts';
import type { Config } from '../config/schema.ts';
import { secretValues } from '../config/secret-refs.ts';
import { resolveSecret } from '../config/secret.ts';
import { readTlsFiles, type PeerTrust, type TlsFiles } from '../config/tls-files.ts';
import { RegrowError } from '../errors.ts';
import type { SecretValues } from '../logging.ts';
import type { ControllerParts } from '../remediation/controller-parts.ts';

export interface LiveConfigParts {
  readonly loaded: LoadedConfig;
  /** Reads the configuration again. Throws CONFIG_INVALID or CONFIG_NOT_FOUND. */
  readonly load: () => Promise<LoadedConfig>;
  readonly env: Environment;
  readonly hostname: string;
  /** Told of the secrets of each configuration before anything goes by it. */
  readonly secrets: SecretValues;
}

/** Who this controller is in its pool. */
export type Identity = Pick<ControllerParts, 'self' | 'builder' | 'isTakenOut'>;

const placeKeys = ['hostname', 'port', 'datacenter', 'folder'] as const;

/** The configuration that the daemon goes by now. Another replaces it whole, or not at all. */
export class LiveConfig {
  readonly #parts: LiveConfigParts;
  #loaded: LoadedConfig;
  #tls: TlsFiles | null = null;

  constructor(parts: LiveConfigParts) {
    this.#parts = parts;
    this.#loaded = parts.loaded;
  }

  get loaded(): LoadedConfig {
    return this.#loaded;
  }

  get config(): Config {
    return this.#loaded.config;
  }

  /** Reads the files of `http.tls`; null when it is not set. A reload reads them, too. Throws HTTP_UNAVAILABLE. */
  async readTls(): Promise<TlsFiles | null> {
    this.#tls = await readTlsFiles(this.config.http);
    return this.#tls;
  }

  /** The files of `http.tls` as they were last read. */
  get tls(): TlsFiles | null {
    return this.#tls;
  }

  /** By what other controllers prove themselves; null: they are asked by plain HTTP. */
  get trust(): PeerTrust | null {
    return this.#tls?.trust ?? null;
  }

  get nodes(): readonly string[] {
    return nodeNames(this.config);
  }

  get identity(): Identity {
    const machine = machineName(this.#parts.hostname);
    const self = resolveSelf(this.config, machine);
    return { self, builder: self ?? machine, isTakenOut: isTakenOut(this.#loaded, machine) };
  }

  get policy(): ReturnType<typeof poolPolicy> {
    return poolPolicy(this.config, this.identity);
  }

  /** The bearer token as its file has it now; null when none is configured. Throws SECRET_UNAVAILABLE. */
  async token(): Promise<string | null> {
    const { token } = this.config.http;
    return token === null ? null : resolveSecret(token, this.#parts.env);
  }

  /** Goes by the configuration as it is on disk now. Throws, and stays as it was, when that one cannot be gone by. */
  async reload(): Promise<void> {
    const loaded = await this.#parts.load();
    this.#mustFit(loaded.config);
    for (const value of await secretValues(loaded.config, this.#parts.env)) this.#parts.secrets.add(value);
    // Whatever is wrong with it shows here, before anything goes by it.
    poolPolicy(loaded.config, this.identity);
    const tls = await readTlsFiles(loaded.config.http);
    this.#loaded = loaded;
    this.#tls = tls;
  }

  /** What only a new start can change. */
  #mustFit(config: Config): void {
    const before = this.config;
    const changed = [
      ...(config.state_dir === before.state_dir ? [] : ['state_dir']),
      ...(config.http.listen === before.http.listen ? [] : ['http.listen']),
      ...((config.http.tls === null) === (before.http.tls === null) ? [] : ['http.tls']),
      ...(config.pool.name === before.pool.name ? [] : ['pool.name']),
      // Another vCenter, or another place in it, has none of the VMs that were known: they would look gone.
      ...placeKeys.filter((key) => config.vcenter[key] !== before.vcenter[key]).map((key) => `vcenter.${key}`),
    ];
    if (changed.length === 0) return;
    throw new RegrowError('CONFIG_INVALID', `${changed.join(', ')} cannot be changed while the controller runs.`, {
      remedy: 'Restart the service.',
    });
  }
}
