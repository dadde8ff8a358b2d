import { z } from 'zod';
import { checkSchema, hostCheckSchema } from './schema-checks.ts';
import { imageSchema, nodeOverrides, sshSchema, vcenterSchema, vmSchema } from './schema-machine.ts';
import { notifySchema } from './schema-notify.ts';
import {
  ansibleSchema,
  fileSchema,
  hooksSchema,
  httpSchema,
  remediationSchema,
  safetyOverride,
  safetySchema,
  syncSchema,
} from './schema-operation.ts';
import type { SecretLiteral } from './secret.ts';
import { absolutePath, label, nodeName, positiveDuration, reservedNames, textOf } from './values.ts';

const checkOverride = z
  .union([z.null(), z.record(z.string(), z.unknown())], {
    error: 'expected the values to change, or null to leave the check out',
  })
  .describe('What differs for this node in the check of that name; or a further check; or null to leave it out.');

const nodeMapping = z.strictObject({
  name: nodeName.describe(
    `The node's name: host name, VM name and inventory name in one. Lower-case letters, digits and inner hyphens; reserved: ${reservedNames.join(', ')}.`,
  ),
  ...nodeOverrides,
  safety: safetyOverride.exactOptional().describe('Another mode for this node.'),
  checks: z.record(label, checkOverride).exactOptional().describe('Checks that differ for this node.'),
});

/** A node as the program sees it: its name, and what differs for it. */
export type NodeEntry = DeepReadonly<z.output<typeof nodeMapping>>;

const nodeEntry = z.codec(
  z.union([nodeName, nodeMapping], {
    error: 'expected a node name, or a mapping with a name and what differs for that node',
  }),
  z.custom<z.output<typeof nodeMapping>>(),
  {
    decode: (entry) => (typeof entry === 'string' ? { name: entry } : entry),
    encode: (entry) => (Object.keys(entry).length === 1 ? entry.name : entry),
  },
);

const poolSchema = z
  .strictObject({
    name: label.describe("The pool's name; part of every mark that regrow leaves in vCenter."),
    nodes: z
      .array(nodeEntry, { error: 'expected a list of nodes' })
      .min(1, { error: 'expected at least one node' })
      .max(1000, { error: 'expected at most 1000 nodes' })
      .describe('The nodes: names, or mappings with a name and what differs for that node.'),
  })
  .describe('The pool and its nodes.');

const services = z
  .array(textOf(/^[A-Za-z0-9@._:-]{1,128}$/, 'expected the name of a service'), {
    error: 'expected a list of services',
  })
  .prefault(['regrow'])
  .describe('Services started on a new node at the end, and by a restore.');

/**
 * The whole of regrow.yml. `z.decode` turns the file's form into the program's (durations in milliseconds, sizes in
 * bytes, percentages as numbers, secrets as references); `z.encode` writes it back with every secret hidden.
 */
export const configSchema = z.strictObject({
  pool: poolSchema,
  self: z
    .union([z.enum(['auto', 'none']), nodeName], { error: 'expected auto, none, or the name of a node' })
    .prefault('auto')
    .describe("This machine's node name; `auto`: the host name if it is a node; `none`: an admin host."),
  state_dir: absolutePath.prefault('/var/lib/regrow').describe('Journal, lock, run folders and pinned host keys.'),
  vcenter: vcenterSchema,
  image: imageSchema,
  vm: vmSchema.prefault({}),
  ssh: sshSchema.prefault({}),
  discovery: z
    .strictObject({
      interval: positiveDuration.prefault('20s').describe('Time between two readings of the whole pool from vCenter.'),
    })
    .prefault({})
    .describe('Asking vCenter for identities and addresses.'),
  checks: z.record(label, checkSchema).prefault({}).describe('Checks of each node, made by every other controller.'),
  host_checks: z
    .record(label, hostCheckSchema)
    .prefault({})
    .describe('Checks that this machine makes of itself; never propagated.'),
  safety: safetySchema.prefault({}),
  remediation: remediationSchema.prefault({}),
  files: z
    .array(fileSchema, { error: 'expected a list of files' })
    .prefault([])
    .describe('Files of this machine that are loaded onto a new node, and restored.'),
  services,
  sync: syncSchema.prefault({}),
  notify: notifySchema.prefault({}),
  http: httpSchema.prefault({}),
  hooks: hooksSchema.prefault({}),
  ansible: ansibleSchema.prefault({}),
});

/** The configuration as the program uses it: keys as in the file, durations in milliseconds, sizes in bytes. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;
/** A check of a node. */
export type Check = DeepReadonly<z.output<typeof checkSchema>>;
/** A check of the own host. */
export type HostCheck = DeepReadonly<z.output<typeof hostCheckSchema>>;
/** A check of either kind, as it is measured. */
export type AnyCheck = Check | HostCheck;

type DeepReadonly<T> = T extends SecretLiteral
  ? T
  : T extends readonly (infer Item)[]
    ? readonly DeepReadonly<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
      : T;
