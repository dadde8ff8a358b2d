import { isIP } from 'node:net';
import { join } from 'node:path';
import { secretProperties, withoutSecretProperties, type SecretProperty } from '../config/image-properties.ts';
import { configForNode } from '../config/node-config.ts';
import { nodeNames, nodeSettings, type NodeSettings } from '../config/node-settings.ts';
import type { Config, NodeEntry } from '../config/schema.ts';
import { RegrowError } from '../errors.ts';
import { ansibleYaml, markUnsafe } from './unsafe-text.ts';

/** Variables as Ansible sees them: plain data, with text that looks like a template marked as `UnsafeText`. */
export type AnsibleVars = Readonly<Record<string, unknown>>;

/** What goes into inventory.yml. Write it with `inventoryYaml`, or as JSON, which is YAML too. Holds no secret. */
export interface Inventory {
  readonly all: {
    /** The `regrow_*` variables: seen by every node and by localhost. Durations are seconds, as everywhere in Ansible. */
    readonly vars: AnsibleVars;
    readonly hosts: { readonly localhost: AnsibleVars };
    readonly children: {
      readonly pool: {
        /** How nodes are reached: not for localhost. */
        readonly vars: AnsibleVars;
        readonly hosts: Readonly<Record<string, AnsibleVars>>;
      };
    };
  };
}

/** What an inventory is made of. */
export interface InventorySource {
  readonly config: Config;
  /** Who builds: the own node's name, or the admin host's name. */
  readonly builder: string;
  /** The last known address of each node; a node without one gets no `ansible_host`. */
  readonly addresses: ReadonlyMap<string, string>;
}

/** Where the pinned host keys of the nodes are. */
function knownHostsFile(config: Config): string {
  return config.ssh.known_hosts === 'managed' ? join(config.state_dir, 'known_hosts') : config.ssh.known_hosts;
}

/** The inventory of a run: the pool, the variables of every playbook, and localhost. */
export function buildInventory({ config, builder, addresses }: InventorySource): Inventory {
  const secrets = secretProperties(config);
  const hosts = config.pool.nodes.map((node) => [node.name, hostVars(config, node, addresses.get(node.name), secrets)] as const);
  return {
    all: {
      vars: poolVars(config, builder, secrets),
      hosts: {
        localhost: {
          ansible_connection: 'local',
          // Else ansible-core 2.19 may choose another Python, one without pyVmomi.
          ansible_python_interpreter: '{{ ansible_playbook_python }}',
        },
      },
      children: { pool: { vars: { ...connectionVars(config.ssh), ansible_ssh_common_args: sshArguments(config), ansible_remote_tmp: '~/.ansible/tmp' }, hosts: Object.fromEntries(hosts) } },
    },
  };
}

/** The inventory as text for inventory.yml. */
export function inventoryYaml(inventory: Inventory): string {
  return ansibleYaml(inventory);
}

/** The answer to `--list` of Ansible's protocol for dynamic inventories. Serialise it as JSON. */
export function inventoryList({ all }: Inventory): object {
  const { pool } = all.children;
  return {
    _meta: { hostvars: { ...pool.hosts, ...all.hosts } },
    all: { children: ['ungrouped', 'pool'], vars: all.vars },
    ungrouped: { hosts: Object.keys(all.hosts) },
    pool: { hosts: Object.keys(pool.hosts), vars: pool.vars },
  };
}

/** The answer to `--host NAME`: that host's own variables. Throws NODE_UNKNOWN. */
export function inventoryHost({ all }: Inventory, name: string): AnsibleVars {
  const hosts: Readonly<Record<string, AnsibleVars>> = { ...all.children.pool.hosts, ...all.hosts };
  const vars = Object.hasOwn(hosts, name) ? hosts[name] : undefined;
  if (vars) return vars;
  throw new RegrowError('NODE_UNKNOWN', `The inventory has no host ${JSON.stringify(name)}.`, {
    facts: { node: name, nodes: Object.keys(hosts) },
    remedy: `choose one of: ${Object.keys(hosts).join(', ')}`,
  });
}

function poolVars(config: Config, builder: string, secrets: readonly SecretProperty[]): AnsibleVars {
  return marked({
    regrow_pool: { name: config.pool.name, nodes: config.pool.nodes.map((node) => node.name) },
    regrow_builder: builder,
    regrow_state_dir: config.state_dir,
    ...machineVars(config, secrets.filter(({ node }) => node === null)),
    regrow_ssh: { ...config.ssh, known_hosts: knownHostsFile(config), known_hosts_managed: config.ssh.known_hosts === 'managed' },
    regrow_remediation: {
      ...config.remediation,
      deadline: seconds(config.remediation.deadline),
      upload_lease: seconds(config.remediation.upload_lease),
      slowest_operation: seconds(config.remediation.slowest_operation),
      address_timeout: seconds(config.remediation.address_timeout),
      ssh_timeout: seconds(config.remediation.ssh_timeout),
      verify_timeout: seconds(config.remediation.verify_timeout),
      stagger: seconds(config.remediation.stagger),
      restore_deadline: seconds(config.remediation.restore_deadline),
    },
    regrow_safety: {
      ...config.safety,
      startup_grace: seconds(config.safety.startup_grace),
      stability_window: seconds(config.safety.stability_window),
      backoff: seconds(config.safety.backoff),
    },
    regrow_files: config.files,
    regrow_hooks: { before_rebuild: config.hooks.before_rebuild, after_rebuild: config.hooks.after_rebuild },
    regrow_sync: { files: config.sync.files, image: config.sync.image, bandwidth_kib: Math.ceil((config.sync.bandwidth ?? 0) / 1024) },
    regrow_image_dir: configForNode(config, { isNode: nodeNames(config).includes(builder) }).imageDir,
    regrow_services: config.services,
    regrow_hypervisor: config.ansible.hypervisor,
  });
}

/** What a single node can have for itself: image, hardware and place. No password; of a secret OVF property its variable. */
function machineVars(
  { vcenter, image, vm }: Pick<NodeSettings, 'vcenter' | 'image' | 'vm'>,
  secrets: readonly SecretProperty[],
): Record<string, unknown> {
  const { password: _, ...place } = vcenter;
  const memory_mb = vm.memory === null ? null : vm.memory / (1024 * 1024);
  const shown = { ...image, ...withoutSecretProperties(image.properties, secrets) };
  return { regrow_vcenter: place, regrow_image: shown, regrow_vm: { ...vm, memory_mb } };
}

function hostVars(
  config: Config,
  node: NodeEntry,
  address: string | undefined,
  secrets: readonly SecretProperty[],
): AnsibleVars {
  const settings = nodeSettings(config, node.name);
  const own = machineVars(settings, secrets.filter((secret) => secret.node === null || secret.node === node.name));
  return {
    ...(address === undefined ? {} : { ansible_host: soundAddress(node.name, address) }),
    ...marked({
      ...(node.vcenter ? { regrow_vcenter: own['regrow_vcenter'] } : {}),
      ...(node.image ? { regrow_image: own['regrow_image'] } : {}),
      ...(node.vm ? { regrow_vm: own['regrow_vm'] } : {}),
    }),
    ...(node.ssh ? connectionVars(settings.ssh) : {}),
  };
}

function connectionVars(ssh: Config['ssh']): AnsibleVars {
  return {
    ansible_user: ssh.user,
    ansible_port: ssh.port,
    ansible_ssh_private_key_file: ssh.private_key_file,
  };
}

/**
 * The host key is looked up under the node's name, never under its address, which DHCP may give to another machine.
 * The schema lets no character into paths that ssh, a shell or a template would read as its own.
 */
function sshArguments(config: Config): string {
  const options = [
    `UserKnownHostsFile=${knownHostsFile(config)}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'HostKeyAlias={{ inventory_hostname }}',
    'CheckHostIP=no',
    'UpdateHostKeys=no',
    'IdentitiesOnly=yes',
    'ConnectTimeout=10',
    'BatchMode=yes',
    // A machine that stands still in the middle is unreachable after a minute.
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
  ];
  return options.map((option) => `-o ${option}`).join(' ');
}

function soundAddress(node: string, address: string): string {
  if (isIP(address) !== 0) return address;
  throw new RegrowError('DISCOVERY_FAILED', `The address of ${node} is no IP address.`, {
    facts: { node, address },
    remedy: "look at the VM's guest information in vCenter",
  });
}

function marked(vars: Record<string, unknown>): AnsibleVars {
  return Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, markUnsafe(value)]));
}

/** Whole seconds, never fewer than were meant. */
function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
