import { Command } from 'commander';
import { expect, it } from 'vitest';
import type { CliContext } from '../../../src/cli/context.ts';
import { styleFor } from '../../../src/cli/output.ts';
import { parseConfig, type LoadedConfig } from '../../../src/config/load.ts';
import { register, type StatusSeams } from '../../../src/cli/status.ts';
import { RegrowError } from '../../../src/errors.ts';
import { Machine, nobody } from './surroundings.ts';

const node = {
  moid: 'vm-1',
  instance_uuid: 'u-1',
  address: '10.0.0.1',
  power: 'poweredOn',
  certified: true,
  heartbeat: 'green',
};

it('shows what vCenter said just now', async () => {
  const machine = new Machine();
  const refresh = async (): Promise<void> => {
    for (const name of ['webbox1', 'webbox2'])
      machine.journal.nodes.upsert({ ...node, name, seen_at: new Date().toISOString() });
  };
  expect(await status(machine, { refresh })).toMatchObject({
    code: 0,
    data: { healthy: true, discovery: { ok: true, error: null } },
    said: '',
  });
});

it('is not sure of a pool that looks healthy in the journal when vCenter cannot be asked, and says why', async () => {
  const machine = new Machine();
  for (const name of ['webbox1', 'webbox2'])
    machine.journal.nodes.upsert({ ...node, name, seen_at: new Date().toISOString() });
  const refresh = async (): Promise<void> => {
    throw new RegrowError('DISCOVERY_FAILED', 'login refused');
  };
  const answer = await status(machine, { refresh });
  expect(answer).toMatchObject({ code: 3, data: { healthy: true, discovery: { ok: false, error: 'login refused' } } });
  expect(answer.said).toContain('login refused');
  expect(await status(machine, { refresh }, '--no-refresh')).toMatchObject({ code: 0, said: '' });
});

it('shows the journal also to a shell that lacks the password', async () => {
  const refresh = async (): Promise<void> => {
    throw new RegrowError('SECRET_UNAVAILABLE', 'P is not set');
  };
  expect(await status(new Machine(), { refresh })).toMatchObject({
    code: 3,
    said: expect.stringContaining('P is not set'),
  });
});

it('lets any other fault pass', async () => {
  const refresh = async (): Promise<void> => {
    throw new RegrowError('JOURNAL_UNUSABLE', 'full');
  };
  await expect(status(new Machine(), { refresh })).rejects.toMatchObject({ code: 'JOURNAL_UNUSABLE' });
});

/** Runs `status` of a pool of two nodes with a way to ask vCenter. */
async function status(machine: Machine, seams: StatusSeams, ...argv: readonly string[]) {
  let data: unknown;
  let said = '';
  let code: number | void = undefined;
  const style = styleFor(false);
  const context: CliContext = {
    env: {},
    stdout: { write: () => {} },
    stderr: { write: () => {} },
    isTTY: { stdin: false, stdout: false, stderr: false },
    format: 'json',
    style,
    errorStyle: style,
    configPath: 'regrow.yml',
    config: async () => configOfTwo(machine.stateDir),
    journal: async () => machine.journal,
    answer: async (answer) => void (data = answer),
    say: (line) => void (said += line),
    run:
      (action) =>
      async (...args) =>
        void (code = await action(...args)),
    atExit: () => {},
  };
  const program = new Command('regrow');
  register(program, context, seams);
  await program.parseAsync(['status', ...argv], { from: 'user' });
  return { code, data, said };
}

function configOfTwo(stateDir: string): LoadedConfig {
  const path = 'regrow.yml';
  const parsed = parseConfig(
    `pool: {name: web, nodes: [webbox1, webbox2]}
state_dir: ${stateDir}
vcenter: {hostname: vc.lab, username: u, password: {env: P}, datacenter: dc, folder: /dc/vm/web, cluster: c1, datastore: ds1, networks: {VM Network: N}}
image: {ovf: /image.ovf}
http: {listen: '${nobody}'}
`,
    path,
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return { path, file: parsed.config, ...parsed.withMembership({ path, record: null, problem: null }), warnings: [] };
}
