import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ansibleFindings } from '../../../src/cli/doctor/ansible.ts';
import { imageFindings } from '../../../src/cli/doctor/image.ts';
import { httpFindings } from '../../../src/cli/doctor/http.ts';
import { machineFindings } from '../../../src/cli/doctor/machine.ts';
import { mailFindings } from '../../../src/cli/doctor/mail.ts';
import { parseOvf } from '../../../src/cli/doctor/ovf.ts';
import { playbookFindings } from '../../../src/cli/doctor/playbooks.ts';
import { secretFindings } from '../../../src/cli/doctor/secrets.ts';
import { vcenterFindings } from '../../../src/cli/doctor/vcenter.ts';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import type { Config } from '../../../src/config/schema.ts';
import { RegrowError } from '../../../src/errors.ts';
import type { ExaminedPlace, Examination, PlaceKind } from '../../../src/remediation/examine.ts';
import { configOf, minimalText } from '../config/sample.ts';
import { mailServer } from '../notify/mail-server.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regrow-doctor-'));
});
afterEach(() => rm(folder, { recursive: true }));

const ovf = `<?xml version="1.0"?>
<Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References><File ovf:href="core-disk1.vmdk" ovf:id="f1" ovf:size="5"/></References>
  <NetworkSection><Info>&lt;Networks></Info><Network ovf:name="VM Network"/></NetworkSection>
</Envelope>`;

function config(more = ''): Config {
  return configOf(
    `${minimalText.replace('/var/lib/regrow/image', folder).replace('datastore: ds1', 'datastore: ds1, networks: {VM Network: NET}')}${more}`,
  );
}

function brief(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ item, status, detail }) => `${status} ${item.replace(folder, '')}: ${detail}`);
}

describe('the image', () => {
  beforeEach(async () => {
    await writeFile(join(folder, 'core.ovf'), ovf);
    await writeFile(join(folder, 'core-disk1.vmdk'), 'disk!');
  });

  it('is ok when each file is there with its size and checksum', async () => {
    const sum = createHash('sha256').update('disk!').digest('hex');
    await writeFile(join(folder, 'core.mf'), `SHA256(core-disk1.vmdk)= ${sum}\n`);
    expect(brief(await imageFindings(config()))).toEqual(['ok image /core.ovf: complete, 1 file']);
  });

  it('fails with each file that is missing, cut short or changed', async () => {
    await writeFile(join(folder, 'core.mf'), `SHA256(core-disk1.vmdk)= ${'0'.repeat(64)}\nSHA1(core.iso)= 00\n`);
    expect(brief(await imageFindings(config()))[0]).toMatch(/another checksum.*core.iso of the manifest is missing/);
    await writeFile(join(folder, 'core-disk1.vmdk'), 'disk');
    expect(brief(await imageFindings(config()))[0]).toContain('core-disk1.vmdk has 4 bytes instead of 5');
    await rm(join(folder, 'core-disk1.vmdk'));
    expect(brief(await imageFindings(config()))[0]).toContain('core-disk1.vmdk is missing');
  });

  it('fails when it refers to a file elsewhere, has an unmapped network, or is no OVF', async () => {
    await writeFile(
      join(folder, 'core.ovf'),
      ovf.replace('core-disk1.vmdk', '../../etc/passwd').replace('VM Network', 'Other'),
    );
    const found = brief(await imageFindings(config()));
    expect(found[0]).toContain('../../etc/passwd, which is not beside it');
    expect(found.slice(1)).toEqual([
      'fail image /core.ovf: its network "Other" is not mapped',
      'warn image /core.ovf: it has no network "VM Network"',
    ]);
    await writeFile(join(folder, 'core.ovf'), 'PK\u0003\u0004');
    expect(brief(await imageFindings(config()))[0]).toContain('fail image /core.ovf: it is no OVF');
    await rm(join(folder, 'core.ovf'));
    expect(brief(await imageFindings(config()))[0]).toContain('does not exist');
  });
});

describe('the reader of OVF files', () => {
  it.each([
    ['<Envelope><a></Envelope>', 'line 1: </Envelope> closes nothing'],
    ['<Envelope>\n<a', 'line 2: broken XML'],
    ['<Envelope>', '<Envelope> is not closed'],
    ['<Envelope/><Envelope/>', 'line 1: a second root element'],
    ['<!DOCTYPE x [<!ENTITY a "b">]><Envelope/>', 'it has a document type, which is not allowed here'],
    ['<html/>', 'it is no OVF: the root element is not Envelope'],
    ['', 'it is no OVF: the root element is not Envelope'],
  ])('says of %j that %s', (text, problem) => {
    expect(parseOvf(text)).toBe(problem);
  });

  it('passes over comments and CDATA, and reads entities in attributes', () => {
    const text =
      '<Envelope><!-- <File href="no"/> --><![CDATA[<File href="no"/>]]><o:File o:href=\'a&amp;b>.vmdk\'/></Envelope>';
    expect(parseOvf(text)).toEqual({ files: [{ href: 'a&b>.vmdk', size: undefined }], networks: [] });
  });

  it('answers with an OVF or a reason, whatever the text is, and in time', () => {
    const texts = fc.array(
      fc.constantFrom('<', '>', '/', 'Envelope', '"', "'", '=', ' a', '<!--', '-->', '<![CDATA[', '<?', '!', 'é', '\n'),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(texts, (parts) => ['string', 'object'].includes(typeof parseOvf(parts.join('')))),
      { numRuns: 500 },
    );
    for (const part of ['<', '<a ', '<!--', '<a b="', "<a b='x", '<![CDATA[', '<a b="x" '])
      expect(typeof parseOvf(part.repeat(50_000))).toBe('string');
  });
});

describe('this machine', () => {
  it('needs an ssh key of its own that nobody else can read and that needs no passphrase', async () => {
    const key = join(folder, 'key');
    const found = async (): Promise<string> => {
      const findings = await machineFindings(config(`ssh: {private_key_file: ${key}}\n`));
      return brief(findings.filter(({ item }) => item === 'ssh key'))[0] ?? '';
    };
    expect(await found()).toContain('does not exist');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    expect(await found()).toMatch(/^ok ssh key: .*ssh-ed25519/);
    await chmod(key, 0o644);
    expect(await found()).toContain('others can read');
    await writeFile(key, 'hello');
    await chmod(key, 0o600);
    expect(await found()).toContain('no private key');
    await rm(key);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', key]);
    expect(await found()).toContain('passphrase');
  });

  it('needs a state_dir that others cannot read', async () => {
    const state = async (): Promise<string> => {
      const findings = await machineFindings(config(`state_dir: ${folder}/state\n`));
      return brief(findings.filter(({ item }) => item === 'state_dir'))[0] ?? '';
    };
    expect(await state()).toContain('warn state_dir');
    await mkdir(join(folder, 'state'), { mode: 0o755 });
    expect(await state()).toContain('others can read');
    await chmod(join(folder, 'state'), 0o700);
    expect(await state()).toMatch(/^ok/);
  });
});

describe('the playbooks of checks and hooks', () => {
  it('are named where they cannot be read: a check with a warning, a hook as what a rebuild would fail over', async () => {
    const own = join(folder, 'own.yml');
    const text = `checks: {sync: {type: playbook, playbook: sync_files.yml}, own: {type: ping, on_failure: {playbook: ${own}}}}
host_checks: {disk: {type: playbook, playbook: nope.yml}}
hooks: {before_rebuild: [${own}]}
`;
    const found = async () => brief(await playbookFindings(config(text)));
    expect(await found()).toEqual([
      expect.stringMatching(/^fail hooks\.before_rebuild: the playbook .*own\.yml cannot be read/),
      expect.stringMatching(/^warn checks\.own: the playbook .*own\.yml cannot be read/),
      expect.stringMatching(/^warn host_checks\.disk: the playbook .*ansible\/playbooks\/nope\.yml cannot be read/),
    ]);
    await writeFile(own, '[]');
    expect(await found()).toHaveLength(1);
    expect(brief(await playbookFindings(config('checks: {s: {type: playbook, playbook: sync_files.yml}}\n')))).toEqual([
      expect.stringMatching(/^ok playbooks: .*sync_files\.yml/),
    ]);
    expect(await playbookFindings(config())).toEqual([]);
  });
});

describe('the mail server', () => {
  it('is ok when it greets, and fails when it does not; no mail is sent', async () => {
    const server = await mailServer();
    const { port } = server;
    const mail = config(`notify: {mail: {smtp: "smtp://127.0.0.1:${port}", from: a@b.c, to: [d@e.f]}}\n`);
    expect(brief(await mailFindings(mail, {}))).toEqual([`ok mail 127.0.0.1:${port}: it greets`]);
    expect(server.received).toEqual([]);
    await server.stop();
    expect(brief(await mailFindings(mail, {}))[0]).toMatch(/^fail mail .*ECONNREFUSED/);
    expect(await mailFindings(config(), {})).toEqual([]);
  });

  it('fails when it does not let the user log in, and the password is not told', async () => {
    const server = await mailServer({ onAuth: (_auth, _session, callback) => callback(new Error('no')) });
    const user = `user: u, password: {env: MAIL}, tls: "off"`;
    const mail = config(
      `notify: {mail: {smtp: "smtp://127.0.0.1:${server.port}", from: a@b.c, to: [d@e.f], ${user}}}\n`,
    );
    const [finding] = brief(await mailFindings(mail, { MAIL: 'hunter2' }));
    expect(finding).toMatch(/^fail mail/);
    expect(finding).not.toContain('hunter2');
  });
});

describe('the secrets', () => {
  it('are each read once, and none is shown', async () => {
    const literal = config(
      `http: {token: hunter2}\nnotify: {webhook: {url: "https://x/", secret: {file: ${folder}/none}}}\n`,
    );
    expect(brief(await secretFindings(literal, { VCENTER_PASSWORD: 'hunter3' }))).toEqual([
      'ok vcenter.password: from the environment variable VCENTER_PASSWORD',
      'warn http.token: written into the configuration itself',
      expect.stringContaining('fail notify.webhook.secret: A secret is not available'),
    ]);
  });
});

describe('vCenter', () => {
  const own = 'vcenter: {datastore: ssd2, esxi_hostname: esx7, networks: {VM Network: NET7}}';
  const pool = configOf(
    minimalText
      .replace('datastore: ds1', 'datastore: ds1, resource_pool: rp, networks: {VM Network: NET, Second: NET}')
      .replace('web3', `{name: web3, ${own}}`),
  );
  const good = (kind: PlaceKind, name: string, freeBytes: number | null = null): ExaminedPlace => ({
    kind,
    name,
    state: 'good',
    message: '',
    freeBytes,
  });
  const places = [
    good('datastore', 'ds1', 12.34 * 1024 ** 3),
    good('datastore', 'ssd2', 0),
    good('cluster', 'c1'),
    good('esxi_hostname', 'esx7'),
    good('resource_pool', 'rp'),
    good('network', 'NET'),
    good('network', 'NET7'),
  ];
  const whole: Examination = { places, missingPrivileges: [], arePrivilegesKnown: true };
  const finding = async (examination: Examination | RegrowError, discovered: RegrowError | null = null) =>
    vcenterFindings(pool, {
      discover: () => (discovered === null ? Promise.resolve([]) : Promise.reject(discovered)),
      examine: () => (examination instanceof RegrowError ? Promise.reject(examination) : Promise.resolve(examination)),
    });
  const away = new RegrowError('DISCOVERY_FAILED', 'vCenter could not be read (vcenter_unreachable)', {
    remedy: 'see',
  });

  it('has every place where a VM of the pool is put, each told with the nodes that have it for themselves', async () => {
    expect(brief(await finding(whole))).toEqual([
      'ok vcenter vc.example.org: login and folder /dc/vm/web are good',
      'warn pool: 0 of 3 VMs exist, 0 certified',
      'ok privileges: u has on /dc/vm/web what a rebuild asks for',
      'ok datastore ds1 (web1, web2): accessible, 12.3 GiB free',
      'ok datastore ssd2 (web3): accessible, 0.0 GiB free',
      'ok cluster c1 (web1, web2): found',
      'ok ESXi host esx7 (web3): found',
      'ok resource pool rp: found',
      'ok network NET (web1, web2): found',
      'ok network NET7 (web3): found',
    ]);
  });

  it('fails with what it lacks, and says where regrow.yml or the role of the user is to be corrected', async () => {
    const bad = places.map((place): ExaminedPlace => {
      if (place.name === 'ssd2') return { ...place, state: 'unusable', message: 'in maintenance' };
      if (place.name === 'NET') return { ...place, state: 'missing', message: 'not located' };
      return place;
    });
    const findings = await finding({ places: bad, missingPrivileges: ['VApp.Import'], arePrivilegesKnown: true });
    expect(findings.filter(({ status }) => status === 'fail')).toEqual([
      {
        item: 'privileges',
        status: 'fail',
        detail: 'u lacks on /dc/vm/web: VApp.Import',
        remedy: expect.stringContaining('docs/operations.md'),
      },
      {
        item: 'datastore ssd2 (web3)',
        status: 'fail',
        detail: 'in maintenance',
        remedy: expect.stringContaining('another as vcenter.datastore of web3'),
      },
      {
        item: 'network NET (web1, web2)',
        status: 'fail',
        detail: 'not located',
        remedy: expect.stringMatching(/correct vcenter\.networks of web1, web2, or let u see it/),
      },
    ]);
  });

  it('that does not tell of privileges or of a place is a warning', async () => {
    const findings = await finding({ places: places.slice(1), missingPrivileges: [], arePrivilegesKnown: false });
    expect(brief(findings.filter(({ status }) => status === 'warn')).slice(1)).toEqual([
      'warn privileges: vCenter does not tell what u may do on /dc/vm/web',
      'warn datastore ds1 (web1, web2): vCenter said nothing of it',
    ]);
  });

  it('that cannot be read fails once, and nothing is said of what is behind it', async () => {
    expect(brief(await finding(whole, away))).toEqual([
      'fail vcenter vc.example.org: vCenter could not be read (vcenter_unreachable)',
      'warn privileges, datastore, cluster, network: not examined, since vCenter could not be read',
    ]);
    expect(brief(await finding(away)).slice(2)).toEqual([
      'fail privileges, datastore, cluster, network: vCenter could not be read (vcenter_unreachable)',
    ]);
  });
});

describe('the secret OVF properties', () => {
  it('are examined like every other secret', async () => {
    const literal = config().image.ovf;
    const text = minimalText
      .replace('/var/lib/regrow/image/core.ovf', `${literal}, properties: {root_password: hunter2, motd: hello}`)
      .replace('web2', `{name: web2, image: {properties: {key: {file: ${folder}/none}}}}`);
    expect(brief(await secretFindings(configOf(text), { VCENTER_PASSWORD: 'hunter3' }))).toEqual([
      expect.stringContaining('ok vcenter.password'),
      'warn image.properties.root_password: written into the configuration itself',
      expect.stringContaining('fail pool.nodes[1].image.properties.key: A secret is not available'),
    ]);
  });
});

describe('the HTTP interface', () => {
  it('is open to all in between when it listens for others without TLS, and not there without its files', async () => {
    const at = async (http: string): Promise<unknown> =>
      brief((await httpFindings(configOf(`${minimalText}http: ${http}\n`))).filter(({ item }) => item === 'http'));
    expect(await at('{}')).toEqual(['ok http: 127.0.0.1:8460, this machine alone']);
    expect(await at("{listen: '0.0.0.0:8460'}")).toEqual([
      expect.stringContaining('warn http: http.listen is reachable'),
    ]);
    const tls = `{cert: ${folder}/none.pem, key: ${folder}/none.pem}`;
    expect(await at(`{listen: '0.0.0.0:8460', tls: ${tls}}`)).toEqual([
      `fail http: ${folder}/none.pem (http.tls.cert) cannot be read.`,
    ]);
  });

  it('keeps the nodes from healing each other without a token, or where only this machine reaches it', async () => {
    const at = async (more: string): Promise<unknown> =>
      (await httpFindings(configOf(`${minimalText}${more}`))).filter(({ item }) => item === 'peers');
    const finding = (about: string, key: string): object => ({
      status: 'warn',
      detail: expect.stringMatching(new RegExp(`${about}.*not rebuilt`)),
      remedy: expect.stringContaining(`set ${key} to`),
    });
    const both = [finding('without http.token', 'http.token'), finding('its own machine', 'http.listen')];
    expect(await at('')).toMatchObject(both);
    // What an admin host builds gets its http, too.
    expect(await at('self: none\n')).toMatchObject(both);
    expect(await at("http: {listen: '0.0.0.0:8460', token: {file: /t}}\n")).toEqual([]);
  });
});

describe('Ansible', () => {
  const fakes = async (versions: { core: string; collection: string; python: string }): Promise<Config> => {
    const tool = async (name: string, script: string): Promise<void> => {
      await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
      await chmod(join(folder, name), 0o755);
    };
    await tool(
      'ansible-playbook',
      `echo 'ansible-playbook [core ${versions.core}]'; echo '  python version = 3.11 (x) (${folder}/py)'`,
    );
    await tool('ansible-galaxy', `echo '{"/usr/a": {"'$5'": {"version": "${versions.collection}"}}}'`);
    await tool('py', versions.python);
    return config(`ansible: {path: [${folder}]}\n`);
  };

  it('is ok when core, collections and pyVmomi are new enough', async () => {
    const good = await fakes({
      core: '2.19.1',
      collection: '5.7.2',
      python: 'echo \'{"version": "8.0.3", "json": true}\'',
    });
    expect(brief(await ansibleFindings(good))).toEqual([
      'ok ansible-core: 2.19.1',
      'ok community.vmware: 5.7.2',
      'ok ansible.posix: 5.7.2',
      'ok pyVmomi: 8.0.3 (/py)'.replace('(/py)', `(${folder}/py)`),
    ]);
  });

  it('fails for what is too old or not there, each with a remedy', async () => {
    const old = await fakes({
      core: '2.9.6',
      collection: '1.0.0',
      python: 'echo \'{"version": "6.7.1", "json": false}\'',
    });
    const findings = await ansibleFindings(old);
    expect(findings.map(({ status }) => status)).toEqual(['fail', 'fail', 'fail', 'fail']);
    for (const finding of findings) expect(finding).toHaveProperty('remedy');
    const broken = await fakes({ core: '2.19.1', collection: '5.7.2', python: 'exit 1' });
    expect(brief(await ansibleFindings(broken))).toContainEqual(
      expect.stringMatching(/^fail pyVmomi: .*cannot import it/),
    );
  });
});
