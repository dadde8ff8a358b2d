import type { RunEvent } from './event.ts';
import type { RunEnd } from './run-end.ts';

/** One ansible-playbook process to be. */
export interface RunSpec {
  readonly id: string;
  /** The run's own folder; made when it is not there. */
  readonly runDir: string;
  /** A playbook of ours by name, such as `rebuild_node.yml`, or any other by absolute path. */
  readonly playbook: string;
  /** Further playbooks, by absolute path, in this order after it; none of them runs when one before has failed. */
  readonly furtherPlaybooks?: readonly string[];
  readonly inventory: object;
  /** Plain data: strings in it are never templates to Ansible. No secrets: they go into `environment`. */
  readonly extraVars: object;
  /** Secrets for Ansible, as environment variables. Values from 6 characters on are kept out of every file of the run. */
  readonly environment: Readonly<Record<string, string>>;
  /** Further secrets, which the run does not get, and which it may find and print all the same: kept out of every file of it. */
  readonly hidden?: readonly string[];
  /** Texts that the run reads and that nobody keeps: files of these names in its temporary folder, gone when it has ended. */
  readonly passingFiles?: Readonly<Record<string, string>>;
  /** The run that this one is a part of: when that one has ended, no process of this one is left. */
  readonly outerRun?: string;
  /** Inventory names that have to be in Ansible's stats for the run to have passed. */
  readonly expectedHosts: readonly string[];
  readonly deadlineMs: number;
  /** Time between SIGTERM and SIGKILL, 5 s unless told. */
  readonly graceMs?: number;
  readonly ansible: { readonly path: readonly string[]; readonly python_path: readonly string[] };
  /** CA certificates for vCenter, as a PEM file. */
  readonly caFile: string | null;
  readonly check?: boolean;
  /** What changes in files is shown, in the output and in the events. */
  readonly diff?: boolean;
  readonly limit?: string;
  readonly tags?: readonly string[];
}

/** A run that was started, by this controller or by one before it. */
export interface RunHandle {
  readonly id: string;
  /** ansible-playbook's, also its group's; null when it could not be started. */
  readonly pid: number | null;
  /** The run's events from its first one on; ends when the run has ended. Every call reads anew. */
  events(): AsyncIterable<RunEvent>;
  /** Never rejects for anything that the run did. Resolves after every process of the run is gone. */
  readonly result: Promise<RunEnd>;
  /** Ends the run: SIGTERM to its group, a grace, SIGKILL, and the sweep. Resolves when it has ended. */
  cancel(reason: string): Promise<void>;
}
