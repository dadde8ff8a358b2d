import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { buildInventory } from '../ansible/inventory.ts';
import { runFolder } from '../ansible/run-folder.ts';
import type { RunSpec } from '../ansible/run-spec.ts';
import { secretProperties } from '../config/image-properties.ts';
import { configForNode } from '../config/node-config.ts';
import type { Config } from '../config/schema.ts';
import { resolveSecret } from '../config/secret.ts';
import { assertRoomForProgram } from '../descriptors.ts';
import type { ControllerParts } from './controller-parts.ts';

/** The folder of a run. */
export function runFolderOf(config: Config, run: string): string {
  return join(config.state_dir, 'runs', run);
}

/** What every run of ours has: inventory, secrets by environment, Ansible's places. */
export async function baseSpec(
  parts: ControllerParts,
  run: string,
  playbook: string,
): Promise<Omit<RunSpec, 'extraVars' | 'expectedHosts' | 'deadlineMs'>> {
  const { config, journal, builder, env } = parts;
  const addresses = new Map<string, string>();
  for (const node of journal.nodes.all()) if (node.address !== null) addresses.set(node.name, node.address);
  return {
    id: run,
    runDir: runFolderOf(config, run),
    playbook,
    inventory: buildInventory({ config, builder, addresses }),
    environment: { VMWARE_PASSWORD: await resolveSecret(config.vcenter.password, env) },
    ansible: config.ansible,
    caFile: config.vcenter.ca_file,
  };
}

const nodeConfigFile = 'node-regrow.yml';

/**
 * Extra-vars and secrets for a run that loads a new node. The secrets' values are only in `environment`; the node's regrow.yml is in
 * `passingFiles`, since a webhook's URL in it can be a key.
 */
export async function loadingVars(
  parts: ControllerParts,
  run: string,
): Promise<Pick<RunSpec, 'extraVars' | 'environment'> & Required<Pick<RunSpec, 'passingFiles'>>> {
  const node = configForNode(parts.config, { isNode: parts.self !== null });
  const environment: Record<string, string> = {};
  for (const [index, secret] of node.secrets.entries()) {
    environment[`REGROW_SECRET_${index}`] = await resolveSecret(secret.source, parts.env);
  }
  return {
    environment,
    passingFiles: { [nodeConfigFile]: node.text },
    extraVars: {
      node_config: join(runFolder(runFolderOf(parts.config, run)).tmp, nodeConfigFile),
      node_config_path: node.path,
      node_state_dir: node.stateDir,
      node_image_dir: node.imageDir,
      node_private_key: node.privateKeyFile,
      node_secrets: node.secrets.map(({ path }, index) => ({ path, env: `REGROW_SECRET_${index}` })),
      regrow_public_keys: await publicKeys(parts),
    },
  };
}

/** The values of the secret OVF properties of these nodes, for a run that makes their VMs. */
export async function propertySecrets(
  { config, env }: ControllerParts,
  nodes: readonly string[],
): Promise<Record<string, string>> {
  const wanted = secretProperties(config).filter(({ node }) => node === null || nodes.includes(node));
  const values = wanted.map(async ({ variable, source }) => [variable, await resolveSecret(source, env)] as const);
  return Object.fromEntries(await Promise.all(values));
}

/** The keys that a new VM lets in: this builder's, and those of the pool that this machine lets in itself. */
async function publicKeys({ config, builder }: ControllerParts): Promise<readonly string[]> {
  const mark = `regrow:${config.pool.name}:`;
  const own = await ownPublicKey(config.ssh.private_key_file);
  const known = await readFile(join(homedir(), '.ssh', 'authorized_keys'), 'utf8').catch(() => '');
  const pool = known.split('\n').filter((line) => line.includes(` ${mark}`) && !line.endsWith(`${mark}${builder}`));
  return own === undefined ? pool : [`${own} ${mark}${builder}`, ...pool];
}

/** Key type and key, without its comment; undefined when this machine has no key. */
async function ownPublicKey(privateKeyFile: string): Promise<string | undefined> {
  assertRoomForProgram();
  const { stdout, exitCode } = await execa('ssh-keygen', ['-y', '-P', '', '-f', privateKeyFile], {
    reject: false,
    stdin: 'ignore',
    timeout: 10_000,
  });
  return exitCode === 0 ? stdout.trim().split(' ').slice(0, 2).join(' ') : undefined;
}
