import type { AnyCheck } from '../../config/schema.ts';
import type { ProbeCheck } from './measure.ts';
import type { ProbeResult, ProbeTarget } from './probe-result.ts';

/** A check that an Ansible playbook answers. */
export type PlaybookCheck = Extract<AnyCheck, { readonly type: 'playbook' }>;

/** How the monitor measures: really, or as a test has it. Each ends by itself at the check's timeout. */
export interface Probes {
  /** Pings many addresses at once. Every address is a key of the answer. */
  pingAll(
    addresses: readonly string[],
    options: { readonly timeoutMs: number },
  ): Promise<ReadonlyMap<string, ProbeResult>>;
  /** One measurement of one node. */
  measure(check: ProbeCheck, target: ProbeTarget): Promise<ProbeResult>;
  /** One run of a check's playbook for one node. */
  playbook(check: PlaybookCheck, target: ProbeTarget): Promise<ProbeResult>;
}
