import { z } from 'zod';
import { RegrowError } from '../errors.ts';
import { nearest } from './nearest.ts';
import { checkSchema } from './schema-checks.ts';
import type { Check, Config, NodeEntry } from './schema.ts';

/** Everything that holds for one node: the pool's values with the node's own put over them. */
export interface NodeSettings {
  readonly name: string;
  readonly vcenter: Config['vcenter'];
  readonly image: Config['image'];
  readonly vm: Config['vm'];
  readonly ssh: Config['ssh'];
  readonly checks: Config['checks'];
}

/** Names of the pool's nodes, in the order of the file. */
export function nodeNames(config: Config): readonly string[] {
  return config.pool.nodes.map((node) => node.name);
}

/** What holds for the node of that name. Throws NODE_UNKNOWN. */
export function nodeSettings(config: Config, name: string): NodeSettings {
  const node = config.pool.nodes.find((each) => each.name === name);
  if (!node) throw unknownNode(config, name);
  return {
    name,
    vcenter: { ...config.vcenter, ...placementOf(node), ...node.vcenter },
    image: {
      ...config.image,
      ...node.image,
      properties: { ...config.image.properties, ...node.image?.properties },
    },
    vm: { ...config.vm, ...node.vm },
    ssh: { ...config.ssh, ...node.ssh },
    checks: mergedChecks(config, node),
  };
}

/** The mode of a node: its own, or the pool's. A name that is no node's has the pool's. */
export function modeIn(config: Config, name: string): Config['safety']['mode'] {
  return config.pool.nodes.find((each) => each.name === name)?.safety?.mode ?? config.safety.mode;
}

/** A node with a cluster of its own leaves the pool's ESXi host, and the other way round. */
function placementOf({ vcenter }: NodeEntry): { cluster?: null; esxi_hostname?: null } {
  if (typeof vcenter?.cluster === 'string') return { esxi_hostname: null };
  if (typeof vcenter?.esxi_hostname === 'string') return { cluster: null };
  return {};
}

function mergedChecks(config: Config, node: NodeEntry): Config['checks'] {
  const merged = new Map<string, Check>(Object.entries(config.checks));
  for (const [name, override] of Object.entries(node.checks ?? {})) {
    const base = merged.get(name);
    if (override === null) merged.delete(name);
    else merged.set(name, checkSchema.parse({ ...(base ? z.encode(checkSchema, writable(base)) : {}), ...override }));
  }
  return Object.fromEntries(merged);
}

function writable(check: Check): z.output<typeof checkSchema> {
  return structuredClone(check) as z.output<typeof checkSchema>;
}

function unknownNode(config: Config, name: string): RegrowError {
  const names = nodeNames(config);
  const near = nearest(name, names);
  return new RegrowError('NODE_UNKNOWN', `The pool ${config.pool.name} has no node ${JSON.stringify(name)}.`, {
    facts: { node: name, nodes: names },
    remedy: near === undefined ? `choose one of: ${names.join(', ')}` : `did you mean ${near}?`,
  });
}

/** What a machine that is no node is called in marks and records: its host name without the domain. */
export function machineName(hostname: string): string {
  return hostname.split('.')[0] || 'localhost';
}

/** This machine's node name, or null on an admin host. `hostname` is the machine's own, with or without a domain. */
export function resolveSelf(config: Config, hostname: string): string | null {
  if (config.self === 'none') return null;
  if (config.self !== 'auto') return config.self;
  const short = machineName(hostname).toLowerCase();
  return nodeNames(config).includes(short) ? short : null;
}

/** D: how long another controller's unchanged claim is respected. Longer than anything its run can still do. */
export function takeoverAfterMs(config: Config): number {
  const { deadline, upload_lease, slowest_operation } = config.remediation;
  return deadline + upload_lease + slowest_operation;
}
