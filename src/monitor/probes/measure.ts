import { fillPlaceholders, fillUrl } from '../../config/placeholders.ts';
import type { AnyCheck } from '../../config/schema.ts';
import { probeCommand } from './command.ts';
import { probeHttp } from './http.ts';
import { CpuMeter, probeFilesystem, probeMemory } from './machine.ts';
import { noAddress, type ProbeResult, type ProbeTarget } from './probe-result.ts';
import { probeTcp } from './tcp.ts';

/** Checks that a single measurement without Ansible can answer. */
export type ProbeCheck = Exclude<AnyCheck, { readonly type: 'playbook' }>;

/** Whether the check is one of those. */
export function isProbeCheck(check: AnyCheck): check is ProbeCheck {
  return check.type !== 'playbook';
}

/** What the observer's machine offers to probes. */
export interface ProbeMeans {
  /** Where programs are looked for: PATH. */
  readonly path: string;
  /** No measurement takes longer, whatever its check says. */
  readonly maxTimeoutMs?: number;
  /** Remembers the last measurement of the processors. Without it each takes a second. */
  readonly cpu?: CpuMeter;
}

/** Makes one measurement of a check. Never throws: what goes wrong is a result. */
export async function measure(check: ProbeCheck, target: ProbeTarget, means: ProbeMeans): Promise<ProbeResult> {
  const timeoutMs = Math.min(check.timeout, means.maxTimeoutMs ?? check.timeout);
  const { address } = target;
  switch (check.type) {
    case 'ping': {
      const { pingOne } = await import('./ping.ts');
      return pingOne(address, { timeoutMs, path: means.path });
    }
    case 'tcp':
      return probeTcp(address, check.port, timeoutMs);
    case 'http': {
      const filled = fill([check.url], target, fillUrl);
      if (filled === undefined) return noAddress;
      const { status, text, validate_certs: validateCerts } = check;
      return probeHttp({ url: filled[0] ?? '', status, text, validateCerts, timeoutMs });
    }
    case 'command': {
      const argv = fill(check.command, target, fillPlaceholders);
      if (argv === undefined) return noAddress;
      const where = address === undefined ? {} : { REGROW_ADDRESS: address };
      return probeCommand({
        argv,
        env: { PATH: means.path, LC_ALL: 'C.UTF-8', REGROW_NODE: target.name, ...where },
        timeoutMs,
      });
    }
    case 'filesystem':
      return probeFilesystem(check.path, check.max_used);
    case 'memory':
      return probeMemory(check.max_used);
    case 'cpu':
      return (means.cpu ?? new CpuMeter()).probe(check);
  }
}

/** The texts with the node filled in; undefined when one asks for an address that nobody knows. */
function fill(
  texts: readonly string[],
  { name, address }: ProbeTarget,
  filler: typeof fillPlaceholders,
): readonly string[] | undefined {
  const asksForAddress = texts.some(
    (text) => filler(text, { name, address: '' }) !== filler(text, { name, address: '?' }),
  );
  if (asksForAddress && address === undefined) return undefined;
  return texts.map((text) => filler(text, { name, address: address ?? '' }));
}
