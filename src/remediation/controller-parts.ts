import type { Config } from '../config/schema.ts';
import type { Environment } from '../config/environment.ts';
import type { Journal } from '../store/journal.ts';

/** What remediation is handed. It reads no file of the configuration and no environment by itself. */
export interface ControllerParts {
  readonly config: Config;
  readonly journal: Journal;
  /** Where secrets of the form `{env: NAME}` are found. */
  readonly env: Environment;
  /** Name under which this controller builds: the own node's, or the admin host's. */
  readonly builder: string;
  /** The own node's name; null on an admin host. */
  readonly self: string | null;
  /** This machine was a node, and was taken out of the pool. */
  readonly isTakenOut: boolean;
  /** How playbooks call this program, as argv: they use its probes. */
  readonly command: readonly string[];
  readonly now: () => Date;
}
