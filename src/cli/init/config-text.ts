import { nodeNamesIn, type InitAnswers } from './answers.ts';

/** A commented regrow.yml of these answers. `tokenFile`: where the token of the HTTP interface lies. */
export function configText(answers: InitAnswers, tokenFile: string): string {
  const nodes = nodeNamesIn(answers.nodes);
  const { pool, vcenter, username, passwordFile, datacenter, folder, cluster } = answers;
  return `# regrow's configuration, the same on every machine of the pool. \`regrow config check\` examines it,
# \`regrow config show\` prints every value with its default, docs/configuration.md explains each.

pool:
  name: ${scalar(pool)}
  nodes: [${nodes.map(scalar).join(', ')}]    # host name, VM name and inventory name in one

vcenter:
  hostname: ${scalar(vcenter)}
  username: ${scalar(username)}
  password: {file: ${scalar(passwordFile)}}    # or {env: VARIABLE}
  datacenter: ${scalar(datacenter)}
  folder: ${scalar(folder)}    # nothing outside of it is touched
  cluster: ${scalar(cluster)}
  datastore: ${scalar(answers.datastore)}
  networks: {VM Network: ${scalar(answers.network)}}    # the image's network: the one in vCenter
  # ca_file: /etc/regrow/vcenter-ca.pem    # when this machine does not know who signed its certificate

# What new VMs are built from. Every node carries a copy.
image:
  ovf: ${scalar(answers.image)}

ssh:
  private_key_file: ${scalar(answers.sshKey)}

# Each node is measured by every other. So many failures in a row make it unhealthy; on_failure says what follows.
checks:
  ping: {type: ping, interval: 20s, timeout: 15s, failures: 3, on_failure: rebuild}
  # web: {type: http, url: "http://{{ address }}/", interval: 20s, timeout: 5s, failures: 3, on_failure: alert}

safety:
  mode: act    # dry-run: decide and tell, and do nothing

http:
  listen: ${scalar(answers.listen)}    # the other controllers must reach it, or a node that hangs is never rebuilt
  token: {file: ${scalar(tokenFile)}}    # the same on every machine of the pool
`;
}

/** A YAML scalar that is the text, whatever stands in it. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z/][\w./@-]*( [\w./@-]+)*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
