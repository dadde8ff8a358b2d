import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { dump, load } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';
import { RegrowError } from '../../../src/errors.ts';
import { configOf, contractPath, minimalText, placesOf, problemsOf } from './sample.ts';

const minute = 60_000;

describe('a configuration that is right', () => {
  it('is accepted with every key of the contract, durations in milliseconds and percentages as numbers', async () => {
    const { config, warnings } = await loadConfig(contractPath);
    expect(warnings).toMatchObject([{ path: 'http.listen' }]);
    expect(config.checks['ping']).toEqual({
      type: 'ping',
      interval: 20_000,
      timeout: 15_000,
      failures: 3,
      successes: 1,
      on_failure: 'rebuild',
      ignore_heartbeat: false,
      restore_attempts: 2,
      // oxlint-disable-next-line unicorn/no-thenable
      then: 'alert',
    });
    expect(config.host_checks['rootfs']).toMatchObject({ type: 'filesystem', path: '/', max_used: 90 });
    expect(config.safety).toMatchObject({
      cliff: 50,
      stability_window: 60 * minute,
      mode: 'act',
      max_unhealthy: 'minority',
    });
    expect(config.pool.nodes.map((node) => node.name)).toEqual(['webbox1', 'webbox2', 'webbox5']);
  });

  it('has every default written out when it says only what it must', () => {
    const config = configOf(minimalText);
    expect(config).toMatchObject({
      self: 'auto',
      state_dir: '/var/lib/regrow',
      vcenter: { port: 443, validate_certs: true, ca_file: null, esxi_hostname: null, resource_pool: null },
      image: { disk_provisioning: 'thin', properties: {} },
      vm: { cpus: null, memory: null, mac: null, extra_disks: 0 },
      ssh: { user: 'root', port: 22, private_key_file: '/etc/regrow/id_ed25519', known_hosts: 'managed' },
      discovery: { interval: 20_000 },
      remediation: { deadline: 30 * minute, upload_lease: 5 * minute, slowest_operation: 5 * minute, generations: 5 },
      safety: { quorum: 'majority', max_concurrent: 1, quarantine: true, backoff: 2 * minute, max_attempts: 3 },
      notify: {
        mail: null,
        webhook: null,
        events: expect.arrayContaining(['fault.opened', 'fault.closed']),
        group: 30_000,
      },
      http: { listen: '127.0.0.1:8460', token: null },
      services: ['regrow'],
      files: [],
      ansible: { path: [], python_path: [], hypervisor: 'vmware' },
    });
  });

  it('may use anchors and aliases', () => {
    const config = configOf(`${minimalText}checks: {a: &a {type: tcp, port: 22}, b: *a}`);
    expect(config.checks['b']).toEqual(config.checks['a']);
  });

  it('warns of a literal secret, and that nothing would ever be rebuilt, at their places', () => {
    const parsed = parseConfig(minimalText.replace('{env: VCENTER_PASSWORD}', 'hunter2'), 'regrow.yml');
    expect(parsed.ok && parsed.warnings).toMatchObject([
      { line: 2, column: 60, path: 'vcenter.password' },
      { path: 'checks', message: expect.stringContaining('no node is ever rebuilt') },
      { path: 'http.token' },
      { path: 'http.listen' },
    ]);
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
  });

  it('warns of literal secrets among the OVF properties, of the pool and of a node', () => {
    const text = minimalText
      .replace('core.ovf', 'core.ovf, properties: {root_password: hunter2, api_key: {env: KEY}, motd: hello}')
      .replace('web2', '{name: web2, image: {properties: {db-token: 12345678, use_secret: true, motd: hi}}}');
    const parsed = parseConfig(text, 'regrow.yml');
    expect(parsed.ok && parsed.warnings.filter(({ message }) => message.includes('literal'))).toMatchObject([
      { line: 4, path: 'image.properties.root_password', message: expect.stringContaining('{env: NAME}') },
      { line: 1, path: 'pool.nodes[1].image.properties["db-token"]', message: expect.not.stringContaining('{env') },
    ]);
  });

  it('takes no variable of the environment for a property of one node: the record of the nodes goes to other machines', () => {
    const text = minimalText.replace('web2', '{name: web2, image: {properties: {root_password: {env: P}}}}');
    expect(problemsOf(text)).toContainEqual(
      expect.objectContaining({ path: expect.stringMatching(/root_password\.env$/) }),
    );
    expect(problemsOf(minimalText.replace('core.ovf', 'core.ovf, properties: {p: {fil: /p}}'))).toMatchObject([
      { path: expect.stringContaining('image.properties.p') },
    ]);
  });

  it.each<[string, readonly string[]]>([
    ['{p: {type: ping, on_failure: rebuild}}', []],
    ['{p: {type: ping, on_failure: restore, then: rebuild}}', []],
    ['{p: {type: ping, on_failure: alert, then: rebuild}}', ['checks.p.then', 'checks']],
    ['{p: {type: ping, then: rebuild}, q: {type: ping, on_failure: rebuild}}', ['checks.p.then']],
  ])('warns of a `then` that nothing leads to, and does not take it for a rebuild: %s', (checks, paths) => {
    const parsed = parseConfig(
      `${minimalText.replace('[web1, web2, web3]', '[web1]')}checks: ${checks}\n`,
      'regrow.yml',
    );
    expect(parsed.ok && parsed.warnings.map(({ path }) => path)).toEqual(paths);
  });

  it('knows that a node may have what leads to a rebuild, by what it changes in a check of the pool', () => {
    const [nodes, checks] = ['{name: web1, checks: {p: {on_failure: restore}}}', '{p: {type: ping, then: rebuild}}'];
    const text = minimalText.replace('[web1, web2, web3]', `[${nodes}]`);
    const parsed = parseConfig(`${text}checks: ${checks}\n`, 'regrow.yml');
    expect(parsed.ok && parsed.warnings.map(({ path }) => path)).toEqual([]);
  });

  it.each([
    ['quorum: majority', null],
    ['quorum: 2', null],
    ['quorum: 3', null],
    ['quorum: 4', 'are 3'],
    ['quorum: 4, witnesses: [admin1]', null],
    ['quorum: 1', 'one controller'],
  ])('warns of a quorum that nobody can have, and of one that one controller has by itself: %s', (safety, words) => {
    const text = `${minimalText}checks: {p: {type: ping, on_failure: rebuild}}\nsafety: {${safety}}\n`;
    const parsed = parseConfig(`${text}http: {listen: '10.0.0.1:8460', token: {file: /t}}\n`, 'regrow.yml');
    expect(parsed.ok && parsed.warnings).toMatchObject(
      words === null ? [] : [{ path: 'safety.quorum', message: expect.stringContaining(words) }],
    );
  });

  it.each<[string, readonly string[]]>([
    ['', ['http.token', 'http.listen']],
    ['self: none\n', ['http.token', 'http.listen']],
    ["http: {listen: '0.0.0.0:8460'}\n", ['http.token']],
    ["http: {listen: '[::1]:8460', token: {file: /t}}\n", ['http.listen']],
    ["http: {listen: '10.0.0.1:8460', token: {file: /t}}\n", []],
  ])('warns when the nodes cannot ask each other for votes: %j', (more, paths) => {
    const text = `${minimalText}checks: {p: {type: ping, on_failure: rebuild}}\n${more}`;
    const parsed = parseConfig(text, 'regrow.yml');
    expect(parsed.ok && parsed.warnings.map(({ path }) => path)).toEqual(paths);
    const single = parseConfig(text.replace('[web1, web2, web3]', '[web1]'), 'regrow.yml');
    expect(single).toMatchObject({ ok: true, warnings: [] });
  });
});

describe('a configuration that is wrong', () => {
  it.each([
    ['nonsense', 'expected address:port'],
    ['10.0.0.1:65536', 'expected a port up to 65535'],
    ['10.0.0.1:123456', 'expected address:port'],
  ])('is told once what is wrong with http.listen %j', (listen, words) => {
    expect(problemsOf(`${minimalText}http: {listen: '${listen}'}\n`)).toMatchObject([
      { path: 'http.listen', message: expect.stringContaining(words) },
    ]);
  });

  it('is told all of its problems at once, each at its line and column', () => {
    const text = `pool:
  name: web
  nodes: [web1, web1, ../etc, {name: web2, vcenter: {dtastore: x}}]
slef: auto
vcenter:
  hostname: vc
  port: "443"
  username: u
  password: {env: P}
  folder: dc/vm/web
  cluster: c1
  esxi_hostname: h1
  datastore: ds1
image:
  ovf: ../image/core.ovf
checks:
  ping: {type: pong}
  web: {type: http, url: "http://{{ lookup('pipe') }}/", interval: 20, failures: 0}
`;
    expect(placesOf(text)).toEqual([
      '3:17 pool.nodes[1]',
      '3:23 pool.nodes[2]',
      '3:54 pool.nodes[3].vcenter.dtastore',
      '4:1 slef',
      '5:1 vcenter.datacenter',
      '7:9 vcenter.port',
      '10:11 vcenter.folder',
      '12:3 vcenter.esxi_hostname',
      '15:8 image.ovf',
      '17:16 checks.ping.type',
      '18:26 checks.web.url',
      '18:68 checks.web.interval',
      '18:82 checks.web.failures',
    ]);
  });

  it('says what was expected, and which key was meant', () => {
    const messages = problemsOf(`${minimalText}slef: auto\nself: web9\nchecks: {a: {type: tcp, port: "22"}}`);
    expect(messages.map(({ message }) => message)).toEqual([
      'unknown key: did you mean self?',
      'expected auto, none, or the name of a node of the pool',
      'expected a whole number from 1 to 65535, not text',
    ]);
  });

  it.each([
    ['a duplicate key', 'state_dir: /a\nstate_dir: /b', '6:1 '],
    ['a tag', 'services: !!python/object/apply:os.system [id]', '5:11 '],
    ['a key that is no text', '? [a]\n: 1', '5:3 '],
    ['an alias to nothing', 'services: *nothing', '5:11 '],
    ['a merge key', 'checks: {a: &a {type: tcp, port: 1}, b: {<<: *a}}', '5:42 '],
    ['a relative path', 'state_dir: var/lib', '5:12 state_dir'],
    ['a path with ..', 'state_dir: /var/../etc', '5:12 state_dir'],
    ['a path that holds a template', 'state_dir: "/var/{{ x }}"', '5:12 state_dir'],
    ['a playbook outside', 'hooks: {before_rebuild: [../evil.yml]}', '5:26 hooks.before_rebuild[0]'],
    ['a password in a URL', 'notify: {webhook: {url: "https://u:p@x/"}}', '5:25 notify.webhook.url'],
    ['an event that is none', 'notify: {events: [fault.open]}', '5:19 notify.events[0]'],
    [
      'a password in the URL of the mail server',
      'notify: {mail: {smtp: "smtp://u:p@x", from: a, to: [b]}}',
      '5:23 notify.mail.smtp',
    ],
    [
      'a user without password',
      'notify: {mail: {smtp: "smtp://m", from: a, to: [b], user: u}}',
      '5:53 notify.mail.user',
    ],
    ['a file listed twice', 'files: [{path: /a}, {path: /a}]', '5:28 files[1].path'],
    ['one MAC address for all', 'vm: {mac: "00:50:56:00:00:01"}', '5:11 vm.mac'],
    ['memory that vSphere cannot give', 'vm: {memory: 6145KiB}', '5:14 vm.memory'],
    ['reboot of another node', 'checks: {a: {type: ping, on_failure: reboot}}', '5:38 checks.a.on_failure'],
    ['rebuild of the own host', 'host_checks: {a: {type: ping, on_failure: rebuild}}', '5:43 host_checks.a.on_failure'],
    ['a mode without quotes', 'files: [{path: /a, mode: 0644}]', '5:26 files[0].mode'],
  ])('is refused for %s', (_, line, place) => {
    expect(placesOf(`${minimalText}${line}\n`)).toContain(place);
  });

  it.each(['restore', 'rebuild'])('says what to use instead of a %s of the own host', (action) => {
    const parsed = parseConfig(`${minimalText}host_checks: {a: {type: ping, on_failure: ${action}}}\n`, 'f');
    const messages = parsed.ok ? [] : parsed.problems.map(({ message }) => message);
    expect(messages).toEqual([
      `expected alert, reboot, {exec: [...]} or {playbook: name.yml}; no machine can ${action} itself: a check under checks has the other controllers ${action} it`,
    ]);
  });

  it.each(['all', 'localhost', 'pool', 'self', 'none'])('is refused for the reserved node name %s', (name) => {
    expect(placesOf(minimalText.replace('web1', name))).toEqual(['1:27 pool.nodes[0]']);
  });

  it('is refused when a check of one node does not fit to that of the pool', () => {
    const nodes = '[{name: web1, checks: {db: {type: tcp}, web: {port: 1}, gone: null}}]';
    const text = minimalText.replace('[web1, web2, web3]', nodes) + 'checks: {web: {type: http, url: "http://x/"}}';
    expect(placesOf(text)).toEqual(['1:49 pool.nodes[0].checks.db.port', '1:72 pool.nodes[0].checks.web.port']);
  });

  it('is refused when aliases blow it up, in no time', () => {
    const levels = 'bcdefghij'
      .split('')
      .map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghij'[index]}`).join(',')}]`);
    const [problem, ...others] = problemsOf(`a: &a [x]\n${levels.join('\n')}\n`);
    expect(problem?.message).toContain('aliases written out');
    expect(others).toEqual([]);
  });

  it('is refused when it is too large, too deep, empty, two documents, or recursive', () => {
    expect(problemsOf(`#${'x'.repeat(1024 * 1024)}`)[0]?.message).toContain('larger than');
    expect(problemsOf(`a: ${'['.repeat(1000)}`)[0]?.message).toContain('not YAML');
    expect(problemsOf('# nothing\n')[0]?.message).toContain('empty');
    expect(problemsOf('a: 1\n---\nb: 2\n')[0]?.message).toContain('one document');
    expect(problemsOf('a: &a [*a]\n').map(({ message }) => message)).toContainEqual(
      expect.stringContaining('refers to nothing above it'),
    );
  });

  it('never repeats a value, since any may be a secret in the wrong place', () => {
    const texts = [
      'vcenter: {pasword: hunter2}',
      'vcenter: {port: hunter2, hostname: hunter2 hunter2}',
      'vcenter: {password: {file: hunter2}}',
      'http: {token: [hunter2]}',
      'password: "hunter2',
      'hunter2',
      'checks: {a: {type: hunter2}}',
      'vcenter: {password: !hunter hunter2}',
    ];
    for (const text of texts) expect(JSON.stringify(problemsOf(text))).not.toContain('hunter2');
  });
});

describe('the loader', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'regrow-config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('says which file is missing and what to do', async () => {
    const error = await loadConfig(join(folder, 'none.yml')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RegrowError);
    expect(error).toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      message: expect.stringMatching(/none\.yml cannot be read: there is no such file\.$/),
      facts: { reason: 'ENOENT' },
      remedy: expect.stringContaining('--config'),
    });
  });

  it('throws every problem with file, line and column in one error', async () => {
    const path = join(folder, 'regrow.yml');
    await writeFile(path, `${minimalText}self: 5\nstate_dir: x\n`);
    await expect(loadConfig(path)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(new RegExp(`has 2 problems:\n${path}:5:7: self: .*\n${path}:6:12: state_dir: `)),
      facts: { problems: [{ line: 5 }, { line: 6 }] },
    });
  });

  it('warns when others can read a file that holds a secret', async () => {
    const path = join(folder, 'regrow.yml');
    await writeFile(
      path,
      `${minimalText.replace('{env: VCENTER_PASSWORD}', 'hunter2')}checks: {p: {type: ping, on_failure: rebuild}}
http: {listen: '0.0.0.0:8460', token: {file: /t}}
`,
    );
    await chmod(path, 0o644);
    expect((await loadConfig(path)).warnings.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('chmod 600'),
    );
    await chmod(path, 0o600);
    expect((await loadConfig(path)).warnings).toHaveLength(1);
  });

  it('refuses what is not UTF-8, and does not read a device for ever', async () => {
    const path = join(folder, 'regrow.yml');
    await writeFile(path, Buffer.from([0x61, 0x3a, 0x20, 0xff]));
    await expect(loadConfig(path)).rejects.toMatchObject({ message: expect.stringContaining('not UTF-8') });
    await expect(loadConfig('/dev/zero')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(loadConfig(folder)).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      message: expect.stringContaining('it is a folder'),
    });
  });
});

describe('whatever the text is', () => {
  const allWithin = (text: string): void => {
    const parsed = parseConfig(text, 'f');
    if (parsed.ok) return;
    const lines = text.split(/\r\n|\n|\r/).length;
    expect(parsed.problems.length).toBeGreaterThan(0);
    for (const { line, column } of parsed.problems) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines);
      expect(column).toBeGreaterThanOrEqual(1);
    }
  };

  it('the answer is a configuration or problems within the file, never an exception', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), allWithin));
    const yamlish = fc.array(fc.constantFrom(...'abc:-?[]{},#&*!|>\'"%@`~ \n\t01.<=\r\u0000é'.split('')), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(yamlish, (units) => allWithin(units.join(''))),
      { numRuns: 500 },
    );
  });

  it('every damage to a right document gives a configuration or problems', () => {
    const values = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>(null, {}, [], '', '__proto__', Infinity, -0),
    );
    const keys = [
      'pool',
      'self',
      'state_dir',
      'vcenter',
      'image',
      'vm',
      'checks',
      'host_checks',
      'safety',
      'files',
      'notify',
      '__proto__',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...keys), values, (key, value) => {
        const damaged: unknown = load(minimalText);
        Object.defineProperty(damaged, key, { value, enumerable: true, configurable: true });
        allWithin(dump(damaged));
      }),
      { numRuns: 300 },
    );
  });

  it('a node name is accepted only if it is a DNS label', () => {
    const names = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...Array.from('ab-_.A9 /')) }));
    fc.assert(
      fc.property(names, (name) => {
        const parsed = parseConfig(
          minimalText.replace('web1', () => JSON.stringify(name)),
          'f',
        );
        const reserved = ['all', 'ungrouped', 'localhost', 'pool', 'auto', 'none', 'self', 'web2', 'web3'].includes(
          name,
        );
        expect(parsed.ok).toBe(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) && !reserved);
      }),
    );
  });
});
