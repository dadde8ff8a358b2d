import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { commandTree, everyEntry, type CommandEntry } from '../../../src/cli/command-tree.ts';
import { wholeProgram } from '../../../src/cli/program.ts';
import { Machine } from '../cli-read/surroundings.ts';
import { compiledSources } from '../compiled.ts';
import { regrow } from './terminal.ts';

const compiled = compiledSources();
const silent = { write: (): void => undefined };
const off = { stdin: false, stdout: false, stderr: false };
let tree: CommandEntry;
beforeAll(async () => {
  tree = commandTree(await wholeProgram({ env: {}, stdout: silent, stderr: silent, isTTY: off }));
});

const script = async (shell: string): Promise<string> => (await regrow(['completion', shell])).stdout;

/** What a real bash offers after these words, with `regrow` in its PATH. */
async function offered(words: readonly string[], config = '/nonexistent'): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'regrow-completion-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(process.execPath, join(folder, 'node'));
  const program = `#!/bin/sh\nexec "${folder}/node" ${fileURLToPath(compiled('main.js'))} "$@"\n`;
  writeFileSync(join(folder, 'regrow'), program, { mode: 0o755 });
  writeFileSync(join(folder, 'completion'), await script('bash'));
  const asked = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _regrow; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ['--norc', '-c', asked, 'bash', join(folder, 'completion'), 'regrow', ...words];
  const env = { PATH: `${folder}:/usr/bin:/bin`, REGROW_CONFIG: config };
  const { stdout } = await execa('bash', args, { env, extendEnv: false });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('the completion of bash', () => {
  it('offers every command, and those below a command', async () => {
    expect(await offered([''])).toEqual(tree.commands.map(({ path }) => path[0]));
    expect(await offered(['sta'])).toEqual(['status']);
    expect(await offered(['config', ''])).toEqual(['check', 'show', 'schema', 'reload']);
    expect(await offered(['-o', 'json', 'config', 'sh'])).toEqual(['show']);
    expect(await offered(['config', 'show', ''])).toEqual([]);
  });

  it('offers the options of the command, and the global ones', async () => {
    expect(await offered(['status', '--'])).toEqual(expect.arrayContaining(['--watch', '--server', '--json']));
    expect(await offered(['status', '--wa'])).toEqual(['--watch']);
    expect(await offered(['history', '--wa'])).toEqual([]);
  });

  it('offers the values of an option, however it is written', async () => {
    const formats = ['table', 'json', 'yaml'];
    expect(await offered(['status', '-o', ''])).toEqual(formats);
    // bash breaks words at the sign.
    expect(await offered(['status', '--output', '='])).toEqual(formats);
    expect(await offered(['status', '--output', '=', 'y'])).toEqual(['yaml']);
    expect(await offered(['rebuild', 'web1', '--force', 'pau'])).toEqual(['paused']);
    expect(await offered(['--config', '/etc/host'])).toContain('/etc/hosts');
  });

  it('offers the nodes of the configuration in force, and the runs of its journal', async () => {
    const machine = new Machine();
    machine.begun('00000000000001');
    machine.begun('00000000000002');
    const nodes = ['webbox1', 'webbox2', 'webbox3'];
    expect(await offered(['explain', ''], machine.configPath)).toEqual(nodes);
    expect(await offered(['--config', machine.configPath, 'probe', 'node', ''])).toEqual(nodes);
    expect(await offered(['rebuild', 'webbox2', '--confirm', 'webbox2'], machine.configPath)).toEqual(['webbox2']);
    expect(await offered(['explain', 'webbox1', ''], machine.configPath)).toEqual([]);
    const runs = ['last', '00000000000002', '00000000000001'];
    expect(await offered(['logs', '-f', ''], machine.configPath)).toEqual(runs);
  });

  it('offers no word of a configuration that a shell would obey', async () => {
    const machine = new Machine();
    writeFileSync(
      machine.configPath,
      'pool: {name: web, nodes: ["$(touch /tmp/x)", "a;b", webbox1, {name: webbox2}]}\n',
    );
    expect(await offered(['explain', ''], machine.configPath)).toEqual(['webbox1', 'webbox2']);
  });

  it('offers nothing, and says nothing, without a configuration', async () => {
    expect(await offered(['explain', ''])).toEqual([]);
    expect(await regrow(['complete', 'runs', '--config', '/nonexistent'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
  });
});

describe.each(['zsh', 'fish'])('the completion of %s', (shell) => {
  it('has each command and each option, with its description', async () => {
    const text = await script(shell);
    for (const { path, options, description } of everyEntry(tree).slice(1)) {
      expect(text).toContain(path.at(-1));
      expect(text.replaceAll("'\\''", "'").replaceAll("\\'", "'").replaceAll('\\:', ':')).toContain(description);
      for (const name of options.flatMap(({ names }) => names))
        expect(text).toContain(shell === 'zsh' ? name : name.replace(/^--?/, ''));
    }
  });

  it('closes each quote', async () => {
    for (const line of (await script(shell)).split('\n').filter((each) => !each.startsWith('#'))) {
      const escaped = shell === 'zsh' ? line.replaceAll(`'\\''`, '') : line.replaceAll(/\\['\\]/g, '');
      // An apostrophe in a comment at the end of a line is none.
      expect((escaped.replace(/ # .*$/, '').match(/'/g) ?? []).length % 2, line).toBe(0);
    }
  });
});

describe('regrow completion', () => {
  it('tells zsh and fish which command it is for', async () => {
    expect(await script('zsh')).toMatch(/^#compdef regrow\n/);
    expect(await script('fish')).toMatch(/^complete -c regrow -f$/m);
  });

  it('refuses a shell that it does not know', async () => {
    expect(await regrow(['completion', 'tcsh'])).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it('offers nothing that is hidden', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) expect(await script(shell)).not.toMatch(/attend/);
  });
});
