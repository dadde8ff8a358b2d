import { CpuMeter } from './machine.ts';
import { measure } from './measure.ts';
import { pingAll } from './ping.ts';
import { noAddress } from './probe-result.ts';
import type { Probes } from './probes.ts';

/** What real probes need. */
export interface RealProbeMeans {
  /** Where programs are looked for: PATH. */
  readonly path: string;
  /** Runs the check's playbook for a node whose address is known. The controller hands it in: monitor/ does not know Ansible. */
  readonly playbook: Probes['playbook'];
}

/** Probes that ask the network and start programs. */
export function realProbes({ path, playbook }: RealProbeMeans): Probes {
  const cpu = new CpuMeter();
  return {
    pingAll: (addresses, { timeoutMs }) => pingAll(addresses, { timeoutMs, path }),
    measure: (check, target) => measure(check, target, { path, cpu }),
    // A playbook is given the node's address always.
    playbook: (check, target) => (target.address === undefined ? Promise.resolve(noAddress) : playbook(check, target)),
  };
}
