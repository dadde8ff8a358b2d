import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootMachine, type Ended, type Machine } from '../lab/machine.ts';

/* A machine becomes the template: prepare_image.yml run in it, with real apt, npm and systemd, and packages from a folder. */

const root = join(import.meta.dirname, '../..');
/** Where a file of this checkout is in the machine. */
const inMachine = (path: string): string => path.replace(root, '/opt/checkout');
const ours = mkdtempSync(join(root, '.cache/test-image-'));
let machine: Machine;
let first: Ended;

/** Runs the playbook in the machine itself. */
const prepare = (...more: readonly string[]): Ended => machine.inside('/opt/seed/prepare', ...more);
const prepareScript = `#!/bin/sh
cd /opt/checkout/ansible
export HOME=/root LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec ansible-playbook -i template, -c local playbooks/prepare_image.yml -e machine=template -e image_tarball=/opt/seed/regrow.tgz \\
  -e '{"image_npm_arguments": ["--offline", "--ignore-scripts"]}' -e ansible_python_interpreter=/usr/bin/python3 \\
  -e "image_pyvmomi_source='deb [trusted=yes] file:/opt/seed/packages ./'" "$@"
`;

const recap = ({ text }: Ended): string => /ok=\d+ .*/.exec(text)?.[0] ?? text;
const files = (...where: readonly string[]): string => machine.inside('find', ...where).text;

beforeAll(async () => {
  const tarball = execFileSync(join(root, 'test/lab/bundle'), [join(ours, 'bundle')], { encoding: 'utf8' }).trim();
  execFileSync(join(root, 'test/lab/stand-in-packages'), [join(ours, 'packages')], { stdio: 'ignore' });
  machine = await bootMachine('template');
  machine.inside('mkdir', '/opt/seed');
  machine.write('/opt/seed/prepare', prepareScript, '755');
  machine.write(
    '/opt/seed/begin',
    `#!/bin/sh -e
cp ${inMachine(tarball)} /opt/seed/regrow.tgz
cp -r ${inMachine(ours)}/packages /opt/seed/packages
for folder in /root /home /var/tmp; do mount -t tmpfs -o mode=0700 tmpfs $folder; done
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/opt/seed/packages ./' >/etc/apt/sources.list
mkdir -p /etc/regrow /var/lib/regrow/image /var/log/journal
ssh-keygen -q -t ed25519 -N '' -f /etc/regrow/id_ed25519
echo secret >/etc/regrow/vcenter-password
echo key >/var/lib/regrow/regrow.db
echo disk >/var/lib/regrow/image/coreimage.ovf
echo 'mysql -psecret' >/root/.bash_history
ssh-keygen -A
systemctl restart systemd-journald
journalctl --flush
`,
    '755',
  );
  const begun = machine.inside('/opt/seed/begin');
  if (begun.status !== 0) throw new Error(begun.text);
  first = prepare('-e', 'image_seal=true');
  if (first.status !== 0) throw new Error(first.text);
}, 500_000);

afterAll(() => {
  rmSync(ours, { recursive: true, force: true });
  machine.end();
});

describe('the template', { timeout: 120_000 }, () => {
  it('is prepared by one run', () => {
    expect(recap(first)).toMatch(/unreachable=0 +failed=0/);
    expect(machine.inside('dpkg-query', '-W', '-f', '${Status}', 'open-vm-tools').text).toBe('install ok installed');
  });

  it('has regrow from the tarball, and a pyVmomi that community.vmware takes', () => {
    expect(machine.inside('regrow', 'version').text).toMatch(/^regrow \d+\.\d+\.\d+ /);
    expect(machine.inside('readlink', '-f', '/usr/bin/regrow', '/usr/local/bin/regrow').text).toContain(
      '/lib/node_modules/regrow/dist/main.js',
    );
    const version = `import pyVmomi; from importlib.metadata import version; print(version('pyvmomi'))`;
    expect(machine.inside('/usr/bin/python3', '-c', version).text).toMatch(/^8\./);
  });

  it('has the daemon enabled, and waiting for its configuration', () => {
    expect(machine.inside('systemctl', 'is-enabled', 'regrow', 'regrow-first-boot', 'ssh').text).toBe(
      'enabled\nenabled\nenabled',
    );
    machine.inside('systemctl', 'start', 'regrow.service');
    expect(machine.inside('systemctl', 'show', '-P', 'ConditionResult', '-P', 'ActiveState', 'regrow').text).toBe(
      'inactive\nno',
    );
  });

  it('has no identity: no machine-id, no host key, no key and no secret of regrow, nothing of its past', () => {
    expect(machine.inside('stat', '-c', '%s', '/etc/machine-id').text).toBe('0');
    expect(files('/etc/ssh', '-name', 'ssh_host_*')).toBe('');
    expect(files('/etc/regrow', '/var/lib/regrow', '-mindepth', '1')).toBe('');
    expect(files('/root', '-name', '.bash_history')).toBe('');
    expect(files('/var/log', '-type', 'f')).toBe('');
  });

  it('is not changed by a second run', () => {
    const second = prepare('-e', 'image_seal=true');
    expect(recap(second)).toMatch(/changed=0 +unreachable=0 +failed=0/);
  });

  it('makes host keys at its first boot, before sshd, and lets in whom its OVF names', () => {
    machine.write(
      '/run/ovf-env.xml',
      `<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:oe="http://schemas.dmtf.org/ovf/environment/1"><PropertySection>
       <Property oe:key="public-keys" oe:value="ssh-ed25519 AAAA regrow:web:webbox1&#xA;ssh-ed25519 BBBB regrow:web:webbox2"/></PropertySection></Environment>`,
      '644',
    );
    expect(machine.inside('systemctl', 'start', 'regrow-first-boot.service')).toEqual({ status: 0, text: '' });
    expect(machine.inside('systemctl', 'show', '-P', 'Before', 'regrow-first-boot.service').text).toContain(
      'ssh.service',
    );
    expect(machine.inside('sh', '-c', 'mkdir -p /run/sshd && /usr/sbin/sshd -t')).toEqual({ status: 0, text: '' });
    expect(machine.inside('cat', '/root/.ssh/authorized_keys').text).toBe(
      'ssh-ed25519 AAAA regrow:web:webbox1\nssh-ed25519 BBBB regrow:web:webbox2',
    );
  });

  it('is not sealed with a private key in it, and a machine whose daemon runs is refused', () => {
    machine.inside('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/root/.ssh/id_ed25519');
    expect(prepare('-e', 'image_seal=true', '--check').text).toContain('/root/.ssh/id_ed25519');
    machine.inside('mkdir', '-p', '/run/systemd/system/regrow.service.d');
    const runs = '[Unit]\nConditionPathExists=\n[Service]\nType=simple\nExecStart=\nExecStart=/bin/sleep 600\n';
    machine.write('/run/systemd/system/regrow.service.d/runs.conf', runs, '644');
    machine.inside('systemctl', 'daemon-reload');
    machine.inside('systemctl', 'start', 'regrow.service');
    expect(prepare().text).toContain('it is a node');
  });
});
