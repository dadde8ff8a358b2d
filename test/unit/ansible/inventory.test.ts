import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildInventory, inventoryHost, inventoryList, inventoryYaml } from '../../../src/ansible/inventory.ts';
import { ansibleYaml, markUnsafe } from '../../../src/ansible/unsafe-text.ts';
import { configOf, contractText, minimalText } from '../config/sample.ts';

const run = promisify(execFile);
const config = configOf(contractText);
const addresses = new Map([['webbox1', '10.0.0.7']]);
const inventory = buildInventory({ config, builder: 'webbox2', addresses });

describe('the inventory', () => {
  it('holds the pool, its variables, and localhost on the controller’s own Python', () => {
    const { vars, hosts, children } = inventory.all;
    expect(Object.keys(children.pool.hosts)).toEqual(['webbox1', 'webbox2', 'webbox5']);
    expect(hosts.localhost).toEqual({
      ansible_connection: 'local',
      ansible_python_interpreter: '{{ ansible_playbook_python }}',
    });
    expect(vars).toMatchObject({
      regrow_pool: { name: 'web', nodes: ['webbox1', 'webbox2', 'webbox5'] },
      regrow_builder: 'webbox2',
      regrow_hypervisor: 'vmware',
      regrow_services: ['regrow'],
    });
  });

  it('gives an address only to a node whose address is known', () => {
    const { hosts } = inventory.all.children.pool;
    expect(hosts['webbox1']).toEqual({ ansible_host: '10.0.0.7' });
    expect(hosts['webbox2']).toEqual({});
  });

  it('refuses an address that is none, which would be read as an option or a name', () => {
    const wrong = new Map([['webbox1', '-oProxyCommand=id']]);
    expect(() => buildInventory({ config, builder: 'b', addresses: wrong })).toThrow(
      expect.objectContaining({ code: 'DISCOVERY_FAILED' }),
    );
  });

  it('holds no password, in whichever way it is configured', () => {
    const literal = configOf(minimalText.replace('{env: VCENTER_PASSWORD}', 'hunter2'));
    const text = inventoryYaml(buildInventory({ config: literal, builder: 'b', addresses: new Map() }));
    expect(text).not.toMatch(/hunter2|password|hidden/);
  });

  it('holds of a secret OVF property the environment variable of a run, the node’s own before that of the pool', () => {
    const text = minimalText
      .replace('core.ovf', 'core.ovf, properties: {root_password: hunter2, keys: {file: /k}, motd: hello, use_token: false}')
      .replace('web2', '{name: web2, image: {properties: {root_password: {file: /own}, keys: plain}}}')
      .replace('web3', '{name: web3, image: {properties: {motd: hi}}}');
    const built = buildInventory({ config: configOf(text), builder: 'b', addresses: new Map() });
    const open = { motd: 'hello', use_token: false };
    expect(built.all.vars['regrow_image']).toMatchObject({
      properties: open,
      secret_properties: { root_password: 'REGROW_PROPERTY_0', keys: 'REGROW_PROPERTY_1' },
    });
    expect(inventoryHost(built, 'web2')['regrow_image']).toMatchObject({
      properties: { ...open, keys: 'plain' },
      secret_properties: { root_password: 'REGROW_PROPERTY_2' },
    });
    expect(inventoryHost(built, 'web3')['regrow_image']).toMatchObject({
      properties: { ...open, motd: 'hi' },
      secret_properties: { root_password: 'REGROW_PROPERTY_0', keys: 'REGROW_PROPERTY_1' },
    });
    for (const shown of [inventoryYaml(built), JSON.stringify(inventoryList(built))]) expect(shown).not.toContain('hunter2');
  });

  it('gives durations in seconds, never fewer than were meant', () => {
    const short = configOf(`${minimalText}remediation: {deadline: 1500ms, address_timeout: 2m}`);
    const { vars } = buildInventory({ config: short, builder: 'b', addresses: new Map() }).all;
    expect(vars['regrow_remediation']).toMatchObject({ deadline: 2, address_timeout: 120 });
  });

  it('gives a node with values of its own the whole merged value', () => {
    const vars = inventoryHost(inventory, 'webbox5');
    expect(vars['regrow_vcenter']).toMatchObject({ datastore: 'ssd2', cluster: 'c1', folder: '/losangelesctr/vm/web' });
    expect(vars['regrow_image']).toMatchObject({ ovf: '/var/lib/regrow/image/coreimage.ovf', disk_provisioning: 'thin' });
    expect(vars).not.toHaveProperty('regrow_vm');
  });

  it('looks host keys up by the node’s name, in the pinned file alone', () => {
    const { vars } = inventory.all.children.pool;
    for (const option of [
      'UserKnownHostsFile=/var/lib/regrow/known_hosts',
      'StrictHostKeyChecking=yes',
      'HostKeyAlias={{ inventory_hostname }}',
      'BatchMode=yes',
      'ServerAliveInterval=15',
      'ServerAliveCountMax=4',
      'ConnectTimeout=10',
    ]) {
      expect(vars['ansible_ssh_common_args']).toContain(`-o ${option}`);
    }
  });

  it('answers Ansible’s protocol for dynamic inventories', () => {
    expect(inventoryList(inventory)).toMatchObject({
      _meta: { hostvars: { webbox1: { ansible_host: '10.0.0.7' }, localhost: { ansible_connection: 'local' } } },
      pool: { hosts: ['webbox1', 'webbox2', 'webbox5'], vars: { ansible_user: 'root' } },
    });
    expect(() => inventoryHost(inventory, 'nobody')).toThrow(expect.objectContaining({ code: 'NODE_UNKNOWN' }));
    expect(() => inventoryHost(inventory, 'toString')).toThrow(expect.objectContaining({ code: 'NODE_UNKNOWN' }));
  });
});

describe('text of the user’s', () => {
  it('is marked as data wherever it could be taken for a template, and stays the same', () => {
    const texts = fc.string({ unit: fc.constantFrom('{', '}', '%', '#', 'a', ' ', '\n', '"', "'", ':', '-', '!', '1', '@') });
    fc.assert(
      fc.property(texts, (text) => {
        const yaml = ansibleYaml({ text: markUnsafe(text) });
        expect(/\{[{%#]/.test(text)).toBe(yaml.includes('!unsafe'));
        expect(load(yaml.replace('!unsafe ', ''))).toEqual({ text });
      }),
    );
  });
});

describe('ansible-core', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'regrow-inventory-'));
    await writeFile(join(folder, 'inventory.yml'), inventoryYaml(inventory));
    await writeFile(join(folder, 'json.yml'), JSON.stringify(inventory));
    await writeFile(join(folder, 'dynamic'), `#!/bin/sh\ncat <<'E'\n${JSON.stringify(inventoryList(inventory))}\nE\n`);
    await chmod(join(folder, 'dynamic'), 0o755);
    await writeFile(join(folder, 'show.yml'), playbook);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const playbook = `
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        dest: "{{ playbook_dir }}/seen.json"
        mode: "0600"
        content: "{{ {'motd': hostvars['webbox5'].regrow_image.properties.motd, 'mode': regrow_files[0].mode,
          'ssh': hostvars['webbox1'].ansible_ssh_common_args, 'nodes': groups['pool'],
          'datastores': [hostvars['webbox1'].regrow_vcenter.datastore, hostvars['webbox5'].regrow_vcenter.datastore]} | to_json }}"
`;

  it.each(['inventory.yml', 'json.yml', 'dynamic'])('reads %s as exactly this data', async (file) => {
    await run('ansible-playbook', ['-i', join(folder, file), join(folder, 'show.yml')], {
      env: { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C.UTF-8', ANSIBLE_NOCOLOR: '1' },
    });
    const seen: unknown = JSON.parse(await readFile(join(folder, 'seen.json'), 'utf8'));
    expect(seen).toMatchObject({
      motd: 'x{{ y }}',
      mode: '0644',
      nodes: ['webbox1', 'webbox2', 'webbox5'],
      datastores: ['ds1', 'ssd2'],
      ssh: expect.stringContaining('HostKeyAlias=webbox1'),
    });
  });
});
