/** What regrow.yml is made of. */
export interface InitAnswers {
  readonly pool: string;
  /** Names, with commas or blanks between them. */
  readonly nodes: string;
  readonly vcenter: string;
  readonly username: string;
  readonly passwordFile: string;
  readonly datacenter: string;
  readonly folder: string;
  readonly cluster: string;
  readonly datastore: string;
  readonly network: string;
  readonly image: string;
  readonly sshKey: string;
  readonly listen: string;
}

/** One thing that is asked, or given as a flag. */
export interface Question {
  readonly key: keyof InitAnswers;
  readonly flag: string;
  readonly ask: string;
  /** What an empty answer means; without one it has to be given. `folder`: of the configuration. */
  readonly usual?: (before: Partial<InitAnswers>, folder: string) => string;
}

/** The names in the answer `nodes`. */
export function nodeNamesIn(nodes: string): readonly string[] {
  return nodes.split(/[\s,]+/).filter((name) => name !== '');
}

/** In the order in which they are asked; a usual answer follows from those before it. */
export const questions: readonly Question[] = [
  { key: 'pool', flag: '--pool <name>', ask: 'name of the pool', usual: () => 'web' },
  { key: 'nodes', flag: '--nodes <names>', ask: 'its nodes: their host names, with commas between' },
  { key: 'vcenter', flag: '--vcenter <host>', ask: 'host name of the vCenter' },
  { key: 'username', flag: '--username <name>', ask: "regrow's user in vCenter, such as svc-regrow@vsphere.local" },
  {
    key: 'passwordFile',
    flag: '--password-file <file>',
    ask: 'file that holds its password',
    usual: (_, folder) => `${folder}/vcenter-password`,
  },
  { key: 'datacenter', flag: '--datacenter <name>', ask: 'datacenter' },
  {
    key: 'folder',
    flag: '--folder <path>',
    ask: "the pool's folder of VMs",
    usual: ({ datacenter = '', pool = '' }) => `/${datacenter}/vm/${pool}`,
  },
  { key: 'cluster', flag: '--cluster <name>', ask: 'cluster' },
  { key: 'datastore', flag: '--datastore <name>', ask: 'datastore' },
  { key: 'network', flag: '--network <name>', ask: 'network that the VMs are attached to' },
  {
    key: 'image',
    flag: '--image <file>',
    ask: 'OVF file of the image that nodes are built from',
    usual: () => '/var/lib/regrow/image/coreimage.ovf',
  },
  {
    key: 'sshKey',
    flag: '--ssh-key <file>',
    ask: 'private key that opens the nodes to regrow',
    usual: (_, folder) => `${folder}/id_ed25519`,
  },
  {
    key: 'listen',
    flag: '--listen <address>',
    ask: 'where the controllers listen: 0.0.0.0:8460, the whole network, for the nodes to reach each other',
    usual: ({ nodes = '' }) => (nodeNamesIn(nodes).length > 1 ? '0.0.0.0:8460' : '127.0.0.1:8460'),
  },
];

/** Right answers, to try one answer among. */
export const sampleAnswers: InitAnswers = {
  pool: 'web',
  nodes: 'webbox1, webbox2, webbox3',
  vcenter: 'vcenter.example.org',
  username: 'svc-regrow@vsphere.local',
  passwordFile: '/etc/regrow/vcenter-password',
  datacenter: 'dc1',
  folder: '/dc1/vm/web',
  cluster: 'c1',
  datastore: 'ds1',
  network: 'VM Network',
  image: '/var/lib/regrow/image/coreimage.ovf',
  sshKey: '/etc/regrow/id_ed25519',
  listen: '0.0.0.0:8460',
};
