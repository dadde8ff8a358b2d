import { z } from 'zod';
import { eventually, type Lab, type Operation, type VmState } from '../lab/lab.ts';

const reportSchema = z.object({
  healthy: z.boolean(),
  controller: z.object({ name: z.string(), node: z.string().nullable() }),
  nodes: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      why: z.string(),
      instance_uuid: z.string().nullable(),
      holds: z.array(z.object({ gate: z.string(), message: z.string() })),
    }),
  ),
});

/** What a daemon tells of the pool. */
export type Report = z.infer<typeof reportSchema>;

/** What the daemon of a node tells; undefined while it does not answer. */
export async function reportOf(lab: Lab, node: string): Promise<Report | undefined> {
  try {
    return reportSchema.parse(await lab.http(node, '/v1/status'));
  } catch {
    return undefined;
  }
}

/** Waits until the daemons of all these nodes see every node healthy, and mean the VMs that vCenter has. */
export async function allHealthy(lab: Lab, nodes: readonly string[], timeoutMs = 180_000): Promise<readonly VmState[]> {
  return eventually(`all of ${nodes.join(', ')} healthy in all daemons`, timeoutMs, async () => {
    const { vms } = await lab.state();
    if (vms.length !== nodes.length || vms.some(({ annotation }) => !annotation.includes('regrow: certified')))
      return undefined;
    for (const node of nodes) {
      const report = await reportOf(lab, node);
      if (report?.healthy !== true || report.nodes.length !== nodes.length) return undefined;
      for (const { name, instance_uuid: uuid } of report.nodes)
        if (vms.find((vm) => vm.name === name)?.instance_uuid !== uuid) return undefined;
    }
    return vms;
  });
}

/** What of a record was done to VMs that matters: power off, rename, destroy, deploy. */
export function deedsOn(operations: readonly Operation[]): readonly { readonly what: string; readonly uuid: string }[] {
  return operations
    .filter(({ operation, result }) => result === 'success' && deeds.includes(operation))
    .map(({ operation, instance_uuid: uuid }) => ({ what: operation, uuid }));
}

const deeds = ['power_off', 'rename', 'destroy', 'deploy'];
