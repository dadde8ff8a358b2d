import { z } from 'zod';
import { eventually, type DaemonEvent, type Lab, type Operation, type VmState } from '../lab/lab.ts';

const reportSchema = z.object({
  healthy: z.boolean(),
  controller: z.object({ name: z.string(), node: z.string().nullable() }),
  discovery: z.object({ at: z.string().nullable() }),
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
export async function allHealthy(lab: Lab, nodes: readonly string[], timeoutMs = 300_000): Promise<readonly VmState[]> {
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

/** Waits until another VM of the node is certified in vCenter than the one it had; that VM. */
export async function replaced(lab: Lab, old: VmState, timeoutMs = 300_000): Promise<VmState> {
  return lab.until(
    old.name,
    (vm) => vm.instance_uuid !== old.instance_uuid && vm.annotation.includes('regrow: certified'),
    timeoutMs,
  );
}

/** What must have happened to exactly these VMs, in this order, when a node was rebuilt once and nothing else was touched. */
export function oneRebuild(old: VmState, fresh: VmState): ReturnType<typeof deedsOn> {
  return [
    { what: 'power_off', uuid: old.instance_uuid },
    { what: 'rename', uuid: old.instance_uuid },
    { what: 'deploy', uuid: fresh.instance_uuid },
    { what: 'destroy', uuid: old.instance_uuid },
  ];
}

/** The id of the last event that a daemon has journalled. */
export async function lastEvent(lab: Lab, observer: string): Promise<number> {
  return (await allEvents(lab, observer)).at(-1)?.id ?? 0;
}

/** All that a daemon has journalled after an event, however much it is. */
export async function allEvents(lab: Lab, observer: string, after = 0): Promise<readonly DaemonEvent[]> {
  const events: DaemonEvent[] = [];
  for (let page = await lab.events(observer, after); page.length > 0;) {
    events.push(...page);
    page = await lab.events(observer, page.at(-1)?.id ?? 0);
  }
  return events;
}

/** What a daemon has journalled of a node after an event. */
export async function storyOf(lab: Lab, observer: string, node: string, after = 0): Promise<readonly DaemonEvent[]> {
  return (await allEvents(lab, observer, after)).filter((event) => event.node === node);
}

/** Waits until a daemon shows a node as wanted; what it shows then. */
export async function shows(
  lab: Lab,
  observer: string,
  node: string,
  wanted: (shown: Report['nodes'][number]) => boolean,
  timeoutMs = 90_000,
): Promise<Report['nodes'][number]> {
  let last: unknown;
  try {
    return await eventually(`${observer} shows ${node} as wanted`, timeoutMs, async () => {
      const shown = (await reportOf(lab, observer))?.nodes.find(({ name }) => name === node);
      last = shown;
      return shown !== undefined && wanted(shown) ? shown : undefined;
    });
  } catch (error) {
    throw new Error(`${observer} shows of ${node} at last: ${JSON.stringify(last)}`, { cause: error });
  }
}
