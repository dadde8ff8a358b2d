import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildInventory } from '../../src/ansible/inventory.ts';
import type { RunEnd } from '../../src/ansible/run-end.ts';
import { newRunId } from '../../src/ansible/run-id.ts';
import { startRun } from '../../src/ansible/start-run.ts';
import { filesHolding } from '../e2e/secret-watch.ts';
import { configOf, minimalText } from '../unit/config/sample.ts';

const cache = join(import.meta.dirname, '../../.cache');
const cores = [
  ['2.14', '/usr/bin'],
  ['2.19', join(cache, 'core-2.19/bin')],
] as const;

const ovf = `<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References><File ovf:href="core-disk1.vmdk"/></References></Envelope>`;
const pool = { REGROW_PROPERTY_0: 'of-the-pool {{ x }}', REGROW_PROPERTY_1: 'ssh-ed25519 AAAA of a person' };
const own = { REGROW_PROPERTY_2: 'of-web2 "quoted"\nin two lines' };

describe.each(cores)('a secret OVF property, with core %s', { timeout: 60_000 }, (_core, programs) => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'regrow-property-'));
    for (const file of ['core.ovf', 'core-disk1.vmdk', 'key', 'node.yml']) writeFileSync(join(folder, file), ovf);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs one task file of the role rebuild for two nodes. */
  async function play(part: string, environment: Record<string, string>): Promise<RunEnd> {
    const config = configOf(
      `${minimalText
        .replace(
          '/var/lib/regrow/image/core.ovf',
          `${folder}/core.ovf, properties: {root_password: {file: /p}, motd: hello, public-keys: {file: /k}}`,
        )
        .replace(
          'web2',
          '{name: web2, image: {properties: {root_password: {file: /own}, motd: hi}}}',
        )}ssh: {private_key_file: ${folder}/key}\n`,
    );
    const id = newRunId();
    const properties = ['hostname', 'motd', 'root_password', 'public-keys'];
    const handle = await startRun({
      id,
      runDir: join(folder, 'runs', id),
      playbook: join(import.meta.dirname, 'playbooks/part-of-a-rebuild.yml'),
      inventory: buildInventory({ config, builder: 'web1', addresses: new Map() }),
      environment,
      extraVars: {
        part,
        node: 'web1,web2',
        seen: folder,
        node_config: join(folder, 'node.yml'),
        regrow_run: id,
        regrow_until: '',
        regrow_work_dir: folder,
        regrow_public_keys: [],
        rebuild_image: { regrow: { properties, disks: 1, populated_bytes: 1, capacity_bytes: 1 } },
        rebuild_seen: {},
        rebuild_claim: { incident: 'i', generation: 1 },
      },
      expectedHosts: ['web1', 'web2'],
      deadlineMs: 50_000,
      ansible: { path: [programs], python_path: [join(cache, 'python')] },
      caFile: null,
    });
    return handle.result;
  }
  const seen = (node: string): unknown => JSON.parse(readFileSync(join(folder, `${node}.json`), 'utf8'));

  it("reaches the new VM from the run's environment, the node's own before that of the pool, and is in no file of the run", async () => {
    expect(await play('create', { ...pool, ...own })).toMatchObject({ kind: 'ok' });
    const keys = { 'public-keys': pool.REGROW_PROPERTY_1 };
    expect(seen('web1')).toEqual({ hostname: 'web1', motd: 'hello', root_password: pool.REGROW_PROPERTY_0, ...keys });
    expect(seen('web2')).toEqual({ hostname: 'web2', motd: 'hi', root_password: own.REGROW_PROPERTY_2, ...keys });
    for (const text of ['of-the-pool', 'of-web2']) expect(await filesHolding(join(folder, 'runs'), text)).toEqual([]);
  });

  it('that a playbook run by hand lacks is named before anything is harmed', async () => {
    const end = await play('preflight', pool);
    expect(end).toMatchObject({ kind: 'failed', stats: { web1: { failures: 0 }, web2: { failures: 1 } } });
    expect(end.message).toContain('This machine lacks REGROW_PROPERTY_2: the new node');
  });
});
