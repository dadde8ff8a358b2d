import { basename, join } from 'node:path';
import { dump } from 'js-yaml';
import { z } from 'zod';
import { secretOf, secretProperties } from './image-properties.ts';
import { configSchema, type Config } from './schema.ts';
import type { SecretRef } from './secret.ts';

/** A file on a new node that holds a secret, and where its content comes from on this machine. */
export interface SecretFile {
  readonly path: string;
  readonly source: SecretRef;
}

/** What a new node gets of the configuration. `text` is its regrow.yml; of secrets it names the files. */
export interface NodeConfig {
  readonly text: string;
  readonly path: string;
  readonly stateDir: string;
  readonly imageDir: string;
  readonly privateKeyFile: string;
  readonly secrets: readonly SecretFile[];
}

const folder = '/etc/regrow';

/**
 * The configuration for a new node: that of its builder, with all the nodes that the builder sees, without the builder's
 * own host checks, and with every secret in a file. A builder that is a node itself passes on its own paths; what an
 * admin host keeps elsewhere goes to the standard places. The nodes' own sections stay word by word: they are alike on all machines.
 */
export function configForNode(config: Config, builder: { readonly isNode: boolean }): NodeConfig {
  const keep = builder.isNode;
  const stateDir = keep ? config.state_dir : '/var/lib/regrow';
  const imageDir = keep ? imageFolder(config) : join(stateDir, 'image');
  const privateKeyFile = keep ? config.ssh.private_key_file : join(folder, 'id_ed25519');
  const secrets: SecretFile[] = [];
  const inFile = (source: SecretRef, name: string): { file: string } => {
    const path = keep && 'file' in source ? source.file : join(folder, name);
    secrets.push({ path, source });
    return { file: path };
  };

  const properties = Object.entries(config.image.properties).map(([name, value]) => {
    const source = secretOf(name, value);
    return [name, source === null ? value : inFile(source, `property-${name}`)] as const;
  });
  for (const { node, source } of secretProperties(config))
    if (node !== null && 'file' in source) secrets.push({ path: source.file, source });

  const { host_checks: _, ...shared } = z.encode(configSchema, writable(config));
  const caFile = config.vcenter.ca_file;
  const { token } = config.http;
  const { mail, webhook } = config.notify;
  const mailCa = mail?.ca_file ?? null;
  const document = {
    ...shared,
    self: 'auto',
    state_dir: stateDir,
    vcenter: {
      ...shared.vcenter,
      password: inFile(config.vcenter.password, 'vcenter-password'),
      ca_file: caFile === null || keep ? caFile : join(folder, 'vcenter-ca.pem'),
    },
    image: {
      ...shared.image,
      ovf: join(imageDir, basename(config.image.ovf)),
      properties: Object.fromEntries(properties),
    },
    ssh: { ...shared.ssh, private_key_file: privateKeyFile },
    http: { ...shared.http, ...(token ? { token: inFile(token, 'token') } : {}) },
    notify: {
      ...shared.notify,
      ...(mail
        ? {
            mail: {
              ...shared.notify?.mail,
              ...(mail.password ? { password: inFile(mail.password, 'mail-password') } : {}),
              ca_file: mailCa === null || keep ? mailCa : join(folder, 'mail-ca.pem'),
            },
          }
        : {}),
      ...(webhook?.secret
        ? { webhook: { ...shared.notify?.webhook, secret: inFile(webhook.secret, 'webhook-secret') } }
        : {}),
    },
    ansible: keep ? shared.ansible : { path: [], python_path: [], hypervisor: config.ansible.hypervisor },
  };
  if (caFile !== null) secrets.push({ path: document.vcenter.ca_file ?? caFile, source: { file: caFile } });
  if (mailCa !== null) secrets.push({ path: document.notify.mail?.ca_file ?? mailCa, source: { file: mailCa } });
  return {
    text: `# Written when this node was built. The pool's nodes share it.\n${dump(document, { lineWidth: 120 })}`,
    path: join(folder, 'regrow.yml'),
    stateDir,
    imageDir,
    privateKeyFile,
    secrets,
  };
}

function imageFolder(config: Config): string {
  return config.image.ovf.slice(0, config.image.ovf.lastIndexOf('/'));
}

function writable(config: Config): z.output<typeof configSchema> {
  // The schema's own output type, which differs from Config only in `readonly`.
  return config as z.output<typeof configSchema>;
}
