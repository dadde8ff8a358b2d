import { z } from 'zod';
import {
  absolutePath,
  host,
  inventoryPath,
  line,
  plainLine,
  plainText,
  port,
  secret,
  secretFile,
  secretVariable,
  size,
  textOf,
  truth,
  wholeNumber,
} from './values.ts';

/* What a node's VM is made of and where: the sections that a single node can override. */

const networks = z
  .record(plainLine, line, { error: 'expected a mapping from OVF network to vCenter network' })
  .describe('Which vCenter network each network of the OVF becomes. In an override it replaces the whole mapping.');

const placement = {
  cluster: line.nullable().describe('Cluster that the VM runs in. Exactly one of cluster and esxi_hostname is set.'),
  esxi_hostname: line.nullable().describe('ESXi host that the VM runs on, instead of a cluster.'),
  resource_pool: line.nullable().describe('Resource pool; null is the root pool of the cluster or host.'),
  datastore: line.describe('Datastore that holds the VM.'),
  networks,
};

/** The vCenter and the pool's place in it. */
export const vcenterSchema = z
  .strictObject({
    hostname: host.describe('Name or address of the vCenter.'),
    port: port.prefault(443).describe('Port of its API.'),
    username: line.describe('User of the API, such as svc-regrow@vsphere.local.'),
    password: secret.describe("The user's password: `{env: NAME}`, `{file: /path}`; a literal works, with a warning."),
    validate_certs: truth
      .prefault(true)
      .describe('Whether the certificates of vCenter and of the ESXi hosts are checked.'),
    ca_file: absolutePath
      .nullable()
      .prefault(null)
      .describe("Certificate authority that signed them; null: the system's own."),
    datacenter: line.describe('Datacenter of the pool.'),
    folder: inventoryPath.describe('VM folder of the pool, from the root of the inventory: `/losangelesctr/vm/web`.'),
    cluster: placement.cluster.prefault(null),
    esxi_hostname: placement.esxi_hostname.prefault(null),
    resource_pool: placement.resource_pool.prefault(null),
    datastore: placement.datastore,
    networks: placement.networks.prefault({}),
  })
  .describe('The vCenter, and where in it the pool lives.');

const vcenterOverride = z.strictObject({
  cluster: placement.cluster.exactOptional(),
  esxi_hostname: placement.esxi_hostname.exactOptional(),
  resource_pool: placement.resource_pool.exactOptional(),
  datastore: placement.datastore.exactOptional(),
  networks: placement.networks.exactOptional(),
});

const propertyName = textOf(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}$/, 'expected the name of an OVF property');
const propertyKinds = [plainText, z.number(), z.boolean()] as const;

const image = {
  ovf: absolutePath
    .regex(/\.(ovf|ova)$/, { error: 'expected a path that ends in .ovf or .ova' })
    .describe('The template image on this machine, beside the files that it refers to.'),
  disk_provisioning: z
    .enum(
      [
        'flat',
        'eagerZeroedThick',
        'monolithicSparse',
        'twoGbMaxExtentSparse',
        'twoGbMaxExtentFlat',
        'thin',
        'sparse',
        'thick',
        'seSparse',
        'monolithicFlat',
      ],
      { error: 'expected a disk type of vmware_deploy_ovf, such as thin, thick or eagerZeroedThick' },
    )
    .describe('How the disks are laid out.'),
};

const properties = z
  .record(
    propertyName,
    z
      .union([...propertyKinds, secretVariable, secretFile], {
        error: 'expected text, a number, true or false, {env: NAME} or {file: /path}',
      })
      .meta({ 'x-kind': 'OVF property' }),
  )
  .describe(
    'OVF properties (vApp options): text, numbers, true or false; a secret as `{env: NAME}` or `{file: /path}`. Literal text under a name such as `root_password` is kept as secret, too, with a warning.',
  );

/** Of an override all nodes hear: a variable of one machine says nothing to the others. */
const ownProperties = z
  .record(
    propertyName,
    z
      .union([...propertyKinds, secretFile], { error: 'expected text, a number, true or false, or {file: /path}' })
      .meta({ 'x-kind': 'OVF property' }),
  )
  .describe(
    'OVF properties of this node, merged with those of the pool key by key. A secret is a `{file: /path}` that every node has.',
  );

/** The template image. */
export const imageSchema = z
  .strictObject({
    ovf: image.ovf,
    disk_provisioning: image.disk_provisioning.prefault('thin'),
    properties: properties.prefault({}),
  })
  .describe('The template image that lies on every node.');

const imageOverride = z.strictObject({
  ovf: image.ovf.exactOptional(),
  disk_provisioning: image.disk_provisioning.exactOptional(),
  properties: ownProperties.exactOptional(),
});

const vm = {
  cpus: wholeNumber(1, 768).nullable().describe('Number of CPUs; null: as in the image.'),
  memory: size
    .refine((bytes) => bytes % (4 * 1024 * 1024) === 0, { error: 'expected a multiple of 4MiB, as vSphere does' })
    .nullable()
    .describe('Memory; null: as in the image.'),
  mac: textOf(
    /^00:50:56:[0-3][0-9a-fA-F](:[0-9a-fA-F]{2}){2}$/,
    'expected a MAC address from 00:50:56:00:00:00 to 00:50:56:3f:ff:ff, the range for static addresses in vSphere',
  )
    .nullable()
    .describe('MAC address of the first network card; null: vCenter chooses. Set per node.'),
  extra_disks: wholeNumber(0, 60).describe(
    'Disks beside those of the image that the VM may carry. They are lost in a rebuild; a VM with more disks is not rebuilt.',
  ),
};

/** Declared hardware. */
export const vmSchema = z
  .strictObject({
    cpus: vm.cpus.prefault(null),
    memory: vm.memory.prefault(null),
    mac: vm.mac.prefault(null),
    extra_disks: vm.extra_disks.prefault(0),
  })
  .describe('Hardware of a node as declared; applied to a new VM and read back.');

const vmOverride = z.strictObject({
  cpus: vm.cpus.exactOptional(),
  memory: vm.memory.exactOptional(),
  mac: vm.mac.exactOptional(),
  extra_disks: vm.extra_disks.exactOptional(),
});

const ssh = {
  user: textOf(/^[a-z_][a-z0-9_-]{0,31}$/, 'expected a user name').describe('User that configures a node.'),
  port: port.describe('Port of sshd on the nodes.'),
  private_key_file: absolutePath.describe('Private key on this machine, mode 0600.'),
};

/** How nodes are reached. */
export const sshSchema = z
  .strictObject({
    user: ssh.user.prefault('root'),
    port: ssh.port.prefault(22),
    private_key_file: ssh.private_key_file.prefault('/etc/regrow/id_ed25519'),
    known_hosts: z
      .union([z.literal('managed'), absolutePath], {
        error: 'expected managed, or the absolute path of a known_hosts file',
      })
      .prefault('managed')
      .describe(
        '`managed`: regrow pins the host key of each VM that it builds in its state_dir; or a file of your own.',
      ),
  })
  .describe('How nodes are reached by ssh.');

const sshOverride = z.strictObject({
  user: ssh.user.exactOptional(),
  port: ssh.port.exactOptional(),
  private_key_file: ssh.private_key_file.exactOptional(),
});

/** What a single node may set for itself. */
export const nodeOverrides = {
  vcenter: vcenterOverride.exactOptional().describe('Another place in vCenter for this node.'),
  image: imageOverride.exactOptional().describe('Another image for this node.'),
  vm: vmOverride.exactOptional().describe('Other hardware for this node.'),
  ssh: sshOverride.exactOptional().describe('Another way to reach this node.'),
};
