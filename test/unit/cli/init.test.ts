import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askAll, problemOf } from '../../../src/cli/init/ask.ts';
import { questions, sampleAnswers, type InitAnswers } from '../../../src/cli/init/answers.ts';
import { configText } from '../../../src/cli/init/config-text.ts';
import { writeBoth } from '../../../src/cli/init/write-both.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { regrow } from './terminal.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'regrow-init-'));
  path = join(folder, 'etc/regrow.yml');
});
afterEach(() => rmSync(folder, { recursive: true }));

const needed = {
  '--nodes': 'web1,web2,web3',
  '--vcenter': 'vc.example.org',
  '--username': 'svc@vsphere.local',
  '--datacenter': 'dc',
  '--cluster': 'c1',
  '--datastore': 'ds1',
  '--network': 'VLAN: "20"',
};
const flags = Object.entries(needed).flat();
const init = (...args: readonly string[]): ReturnType<typeof regrow> => regrow(['--config', path, 'init', ...args]);

describe('regrow init, off a terminal', () => {
  it('writes a commented configuration that config check takes, and a token of its own that nobody else reads', async () => {
    expect(await init(...flags)).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining(path) });
    const check = await regrow(['--config', path, 'config', 'check']);
    expect(check).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/^ok: .*\(pool web, 3 nodes\)\n$/),
    });
    expect(readFileSync(path, 'utf8')).toMatch(/^# .*\n/);
    const token = join(folder, 'etc/token');
    expect(statSync(token).mode & 0o777).toBe(0o600);
    expect(readFileSync(token, 'utf8')).toMatch(/^[\w-]{43}\n$/);
    const shown = await regrow(['--config', path, 'config', 'show', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      vcenter: { folder: '/dc/vm/web', networks: { 'VM Network': 'VLAN: "20"' } },
      http: { listen: '0.0.0.0:8460', token: { file: token } },
    });
    expect(readdirSync(join(folder, 'etc')).toSorted()).toEqual(['regrow.yml', 'token']);
  });

  it('names every flag that is missing, and writes nothing', async () => {
    const end = await init('--nodes', 'web1', '--cluster', 'c1');
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr).toContain('--vcenter <host>, --username <name>, --datacenter <name>, --datastore <name>');
    expect(end.stderr).not.toMatch(/--nodes|--cluster|--pool/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses answers that cannot be right, all at once, and writes nothing', async () => {
    const end = await init(...flags, '--nodes', 'web1,Web_2', '--listen', 'here');
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr).toMatch(/pool\.nodes.*\n.*http\.listen/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('never overwrites a configuration, and then makes no token either', async () => {
    mkdirSync(join(folder, 'etc'));
    writeFileSync(path, 'mine');
    const end = await init(...flags);
    expect(end).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is there already') });
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(readdirSync(join(folder, 'etc'))).toEqual(['regrow.yml']);
  });

  it('keeps a token that is there, such as one from another machine', async () => {
    mkdirSync(join(folder, 'etc'));
    writeFileSync(join(folder, 'etc/token'), 'shared\n', { mode: 0o600 });
    const end = await init(...flags, '--json');
    expect(JSON.parse(end.stdout)).toEqual({ path, token: join(folder, 'etc/token'), token_kept: true });
    expect(readFileSync(join(folder, 'etc/token'), 'utf8')).toBe('shared\n');
  });

  it('ends with what the system says where no folder can be made, such as in /proc', async () => {
    const end = await regrow(['--config', '/proc/x/y/regrow.yml', 'init', ...flags]);
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr).toMatch(/^error: Nothing was written: .*\/proc\/x'\.\nwhat to do: .*--config\n$/);
  });

  it('says why when nothing can be written', async () => {
    writeFileSync(join(folder, 'etc'), 'a file');
    expect(await init(...flags)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Nothing was written') });
  });
});

describe('writing both', () => {
  it('takes the token away again when a configuration came in between', async () => {
    mkdirSync(join(folder, 'etc'));
    writeFileSync(path, 'mine');
    const token = join(folder, 'etc/token');
    await expect(writeBoth(path, 'other', token)).rejects.toMatchObject({ code: 'CONFIG_EXISTS' });
    expect(readdirSync(join(folder, 'etc'))).toEqual(['regrow.yml']);
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  it('lets one of many at once win, and leaves its pair alone', async () => {
    const token = join(folder, 'etc/token');
    const ends = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((text) => writeBoth(path, text, `${token}-${text}`)),
    );
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const winner = readFileSync(path, 'utf8');
    expect(readdirSync(join(folder, 'etc')).toSorted()).toEqual(['regrow.yml', `token-${winner}`]);
  });
});

describe('regrow init, on a terminal', () => {
  /** Answers the questions in turn; none is left over. */
  async function asked(given: Partial<InitAnswers>, replies: readonly string[]) {
    const left = [...replies];
    const questionsAsked: string[] = [];
    const said: string[] = [];
    const answers = await askAll(given, '/etc/regrow', {
      ask: async (question) => {
        questionsAsked.push(question);
        return left.shift();
      },
      say: (line) => void said.push(line),
    });
    expect(left).toEqual([]);
    return { answers, questionsAsked, said };
  }

  it('asks for what the flags leave open, and takes an empty answer for the usual one', async () => {
    const { network: _, folder: __, ...given } = sampleAnswers;
    const { answers, questionsAsked } = await asked(given, ['', 'VLAN 20']);
    expect(questionsAsked[0]).toContain('[/dc1/vm/web]');
    expect(answers).toEqual({ ...sampleAnswers, network: 'VLAN 20' });
  });

  it.each([
    ['web1', '127.0.0.1:8460'],
    ['web1, web2', '0.0.0.0:8460'],
  ])(
    'has the controllers of %s listen at %s, where the others reach them, unless told otherwise',
    async (nodes, usual) => {
      const { listen: _, ...given } = { ...sampleAnswers, nodes };
      const { answers, questionsAsked } = await asked(given, ['']);
      expect(questionsAsked[0]).toContain(`[${usual}]`);
      expect(answers.listen).toBe(usual);
    },
  );

  it('asks again, with the reason, what cannot be right', async () => {
    const { nodes: _, ...given } = sampleAnswers;
    const { answers, said } = await asked(given, ['', 'Web_1', 'web1 web2']);
    expect(said).toHaveLength(2);
    expect(said[1]).toMatch(/expected/);
    expect(answers.nodes).toBe('web1 web2');
  });

  it('writes nothing when the person goes away', async () => {
    const { nodes: _, ...given } = sampleAnswers;
    await expect(asked(given, [])).rejects.toMatchObject({ code: 'ANSWERS_MISSING' });
  });
});

describe('the configuration that init writes', () => {
  it('is right with the sample answers, without a warning', () => {
    const parsed = parseConfig(configText(sampleAnswers, '/etc/regrow/token'), 'regrow.yml');
    expect(parsed).toMatchObject({ ok: true, warnings: [] });
  });

  it.each(['a: b', 'x # y', '"quoted"', "it's", 'true', '12', '*star', '{brace', 'back\\slash', '- dash', 'ünï'])(
    'holds %s as it was answered',
    (text) => {
      const parsed = parseConfig(configText({ ...sampleAnswers, datastore: text }, '/etc/regrow/token'), 'regrow.yml');
      expect(parsed.ok && parsed.config.vcenter.datastore).toBe(text);
    },
  );

  it('finds the answer that is wrong among right ones', () => {
    for (const { key } of questions) expect(problemOf(key, sampleAnswers[key]), key).toBeUndefined();
    expect(problemOf('image', 'relative/path.ovf')).toMatch(/expected/);
    expect(problemOf('listen', 'nowhere')).toMatch(/address:port/);
  });
});
