import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isTakenOut, membershipNotice } from '../../../src/config/effective.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { readMembership, writeMembership } from '../../../src/config/membership-file.ts';
import {
  changeBetween,
  describeChange,
  digestOf,
  membersOf,
  parseRecord,
  programsIn,
  type FileNode,
  type MembershipRecord,
} from '../../../src/config/membership.ts';
import { configForNode } from '../../../src/config/node-config.ts';
import { nodeNames } from '../../../src/config/node-settings.ts';
import { configOf, contractText, minimalText } from './sample.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'regrow-membership-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const installed = ['web1', 'web2', 'web3'];

function recordOf(nodes: readonly FileNode[], more: Partial<MembershipRecord> = {}): MembershipRecord {
  const at = '2026-01-01T00:00:00.000Z';
  return { version: 3, by: 'web2', at, pool: 'web', nodes, basis: digestOf(installed), ...more };
}

describe('the digest of the nodes', () => {
  it('is the same for the same nodes in another order, form or unit', () => {
    const nodes = (text: string) => membersOf(configOf(minimalText.replace('web1, web2, web3', text))).digest;
    const digest = nodes('web1, {name: web2, vm: {cpus: 2, memory: 1GiB}}');
    expect(nodes('{name: web2, vm: {memory: 1024MiB, cpus: 2}}, {name: web1}')).toBe(digest);
    expect(nodes('web1, {name: web2, vm: {cpus: 3, memory: 1GiB}}')).not.toBe(digest);
    expect(nodes('web1, web2')).not.toBe(digest);
  });

  it('is that of the nodes as they come back from a record', () => {
    const members = membersOf(configOf(contractText));
    const parsed = parseRecord(JSON.stringify(recordOf(members.nodes)));
    expect(parsed).toMatchObject({ ok: true, record: { nodes: members.nodes } });
    expect(parsed.ok && digestOf(parsed.record.nodes)).toBe(members.digest);
  });
});

describe('a record that comes from elsewhere', () => {
  const text = (more: Record<string, unknown>): string => JSON.stringify({ ...recordOf(installed), ...more });
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);

  it.each([
    ['no JSON', '{', 'it is not JSON'],
    ['nothing', 'null', 'expected a mapping'],
    ['too much', text({ junk: 'x'.repeat(1024 * 1024) }), 'it is larger than 1048576 bytes'],
    ['nested without end', text({ nodes: ['DEEP'] }).replace('"DEEP"', deep), 'nested deeper than 32'],
    ['an unsafe name', text({ nodes: ['../etc'] }), 'nodes[0]: expected'],
    ['an unknown key', text({ nodes: [{ name: 'web1', run: 'x' }] }), 'nodes[0].run: unknown key'],
    ['an unsafe path', text({ nodes: [{ name: 'web1', image: { ovf: '/a/../b.ovf' } }] }), 'nodes[0].image.ovf'],
    ['no node', text({ nodes: [] }), 'nodes: expected at least one node'],
    ['too many nodes', text({ nodes: Array.from({ length: 1001 }, (_, i) => `n${i}`) }), 'at most 1000 nodes'],
    ['half a version', text({ version: 1.5 }), 'version: expected a whole number'],
    ['a version beyond all', text({ version: 2 ** 31 }), 'version: expected a whole number'],
    ['a publisher that moves the cursor', text({ by: '\u001b[2J' }), 'by: expected the name of a controller'],
    ['no time', text({ at: 'yesterday' }), 'at: expected a time'],
    ['a time without end', text({ at: `2026-01-01T00:00:00.${'0'.repeat(99)}Z` }), 'at: '],
    ['no digest', text({ basis: '' }), 'basis: expected a SHA-256'],
  ])('is refused with %s', (_, given, reason) => {
    expect(parseRecord(given)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  it('may have keys of a later regrow', () => {
    expect(parseRecord(text({ later: 1 }))).toEqual({ ok: true, record: recordOf(installed) });
  });

  it('never makes the parser throw', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (given) => void parseRecord(given)));
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('version', 'nodes', 'by', 'basis'), (value, key) => {
        const parsed = parseRecord(text({ [key]: value }));
        if (parsed.ok) expect(digestOf(parsed.record.nodes)).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
  });
});

describe('membership.json', () => {
  it('comes back as it was written, private, and without a draft beside it', async () => {
    const stateDir = join(folder, 'state');
    await writeMembership(stateDir, recordOf(['web1', { name: 'web2', vm: { cpus: 2 } }]));
    await writeMembership(stateDir, recordOf(installed));
    expect(await readMembership(stateDir)).toMatchObject({ record: recordOf(installed), problem: null });
    expect(readdirSync(stateDir)).toEqual(['membership.json']);
    expect(statSync(join(stateDir, 'membership.json')).mode & 0o777).toBe(0o600);
  });

  it('counts as none when it is missing', async () => {
    expect(await readMembership(join(folder, 'none'))).toMatchObject({ record: null, problem: null });
  });

  it('counts as none, and says why, when it is torn, endless or no file', async () => {
    const whole = JSON.stringify(recordOf(installed));
    writeFileSync(join(folder, 'membership.json'), whole.slice(0, whole.length / 2));
    expect(await readMembership(folder)).toMatchObject({ record: null, problem: expect.stringContaining('not JSON') });
    rmSync(join(folder, 'membership.json'));
    symlinkSync('/dev/zero', join(folder, 'membership.json'));
    expect(await readMembership(folder)).toMatchObject({ record: null, problem: expect.stringContaining('larger') });
    rmSync(join(folder, 'membership.json'));
    mkdirSync(join(folder, 'membership.json'));
    expect(await readMembership(folder)).toMatchObject({ record: null, problem: expect.stringContaining('EISDIR') });
  });
});

describe('the configuration that holds', () => {
  const load = async (record: MembershipRecord | string | null, { more = '', token = '{file: /t}' } = {}) => {
    const path = join(folder, 'regrow.yml');
    const checks = 'checks: {p: {type: ping, on_failure: rebuild}}';
    const http = `http: {listen: '0.0.0.0:8460', token: ${token}}`;
    writeFileSync(path, `${minimalText}state_dir: ${folder}\n${checks}\n${http}\n${more}`);
    if (typeof record === 'string') writeFileSync(join(folder, 'membership.json'), record);
    else if (record !== null) await writeMembership(folder, record);
    return loadConfig(path);
  };

  it('has the nodes of regrow.yml while there is no record', async () => {
    const loaded = await load(null);
    expect(loaded.config).toBe(loaded.file);
    expect(loaded).toMatchObject({ membership: { holds: 'file', record: null }, warnings: [] });
    expect(membershipNotice(loaded.membership)).toBeNull();
  });

  it('has the nodes of the record, and everything else of regrow.yml', async () => {
    const loaded = await load(recordOf(['web1', 'web2', { name: 'web4', vm: { memory: '2GiB' } }]));
    expect(loaded.config).toEqual({
      ...loaded.file,
      pool: { name: 'web', nodes: [{ name: 'web1' }, { name: 'web2' }, { name: 'web4', vm: { memory: 2 ** 31 } }] },
    });
    expect(nodeNames(loaded.file)).toEqual(installed);
    expect(loaded).toMatchObject({ membership: { holds: 'record' }, warnings: [] });
    expect(membershipNotice(loaded.membership)).toMatch(
      /^version 3 of the membership, published by web2 at 2026.* holds instead .*: added web4; taken out web3$/,
    );
  });

  it('has the nodes of regrow.yml again once these are edited, and says what will be published', async () => {
    const loaded = await load(recordOf(['web1', 'web2', 'web3', 'web4'], { basis: digestOf(['web1', 'web2']) }));
    expect(nodeNames(loaded.config)).toEqual(installed);
    expect(loaded.membership).toMatchObject({ holds: 'file', record: { version: 3 } });
    expect(membershipNotice(loaded.membership)).toMatch(/was edited since version 3 .*: taken out web4$/);
  });

  it('says nothing when regrow.yml has the nodes of the record', async () => {
    const { membership } = await load(recordOf(installed, { basis: digestOf(['web1']) }));
    expect(membershipNotice(membership)).toBeNull();
  });

  it.each([
    ['is torn', '{"version": 3', 'cannot be used'],
    ['is of another pool', recordOf(['db1'], { pool: 'db' }), 'is of the pool db'],
    [
      'has a check that the pool knows nothing of',
      recordOf([{ name: 'web1', checks: { x: { interval: '1s' } } }]),
      'x',
    ],
    ['has a node twice', recordOf(['web1', 'web1']), 'listed twice'],
  ])('has the nodes of regrow.yml, with a warning, when the record %s', async (_, record, warning) => {
    const loaded = await load(record);
    expect(nodeNames(loaded.config)).toEqual(installed);
    expect(loaded.warnings).toMatchObject([
      { file: join(folder, 'membership.json'), message: expect.stringContaining(warning) },
    ]);
  });

  it('leaves a machine that was taken out without a node of its own, by host name or by name', async () => {
    const byHost = await load(recordOf(['web1', 'web2']));
    expect([isTakenOut(byHost, 'web3.example.org'), isTakenOut(byHost, 'web1')]).toEqual([true, false]);
    expect(isTakenOut(byHost, 'admin')).toBe(false);
    const byName = await load(recordOf(['web1', 'web2']), { more: 'self: web3\n' });
    expect(byName.config.self).toBe('none');
    expect(isTakenOut(byName, 'elsewhere')).toBe(true);
  });

  it('goes to a new node whole: its regrow.yml starts with the nodes that its builder sees', async () => {
    const { config } = await load(recordOf(['web1', 'web2', { name: 'web4', vm: { memory: '2GiB' } }]));
    const { text } = configForNode(config, { isNode: true });
    expect(membersOf(configOf(text)).digest).toBe(membersOf(config).digest);
  });

  it('keeps literal secrets to itself', async () => {
    const loaded = await load(recordOf(['web1', 'web2']), { token: 'hunter2' });
    expect(loaded.membership.holds).toBe('record');
    expect(JSON.stringify(loaded)).not.toContain('hunter2');
  });
});

describe('a change of the nodes', () => {
  it('is told by names', () => {
    const change = changeBetween(['web1', 'web2', 'web3'], ['web1', { name: 'web2', vm: { cpus: 1 } }, 'web4']);
    expect(change).toEqual({ added: ['web4'], removed: ['web3'], changed: ['web2'] });
    expect(describeChange(change)).toBe('added web4; taken out web3; changed web2');
    expect(describeChange(changeBetween(['web1'], ['web1']))).toBe('the same nodes');
  });
});

describe('the programs in a configuration', () => {
  it('are found wherever they stand, and are alike whatever the order of keys', () => {
    const found = programsIn({
      a: { type: 'command', command: ['/bin/x', 'y'], on_failure: { exec: ['/bin/z'] } },
      b: [{ playbook: 'p.yml', extra_vars: { m: 1, a: 2 } }],
    });
    expect(found).toEqual(
      new Set(['command: ["/bin/x","y"]', 'exec: ["/bin/z"]', 'playbook: "p.yml"', 'extra_vars: {"a":2,"m":1}']),
    );
  });
});
