import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { classifyFailure } from '../../../src/ansible/classify.ts';
import type { RunEvent } from '../../../src/ansible/event.ts';
import { runEnvironment } from '../../../src/ansible/environment.ts';
import { liveProcesses } from '../../../src/ansible/process.ts';
import { runFolder } from '../../../src/ansible/run-folder.ts';
import type { RunHandle, RunSpec } from '../../../src/ansible/run-spec.ts';
import { startRun } from '../../../src/ansible/start-run.ts';
import { scratchFolder } from './scratch-run.ts';

const scratch = scratchFolder();
const passing = 'play_starts; task_starts a; passes';

async function firstOf(handle: RunHandle, kind: RunEvent['e']): Promise<void> {
  for await (const event of handle.events()) if (event.e === kind) return;
}

const read = (spec: RunSpec, file: string): string => readFileSync(path.join(spec.runDir, file), 'utf8');

/** Every file under a folder, with its text. */
function filesUnder(folder: string): { file: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => ({ file, text: readFileSync(file, 'latin1') }));
}

describe('a run that passes', () => {
  it('gives its events while it goes on, then its end with the facts that the playbook left', async () => {
    const handle = await startRun(scratch.spec(passing));
    const kinds: string[] = [];
    for await (const event of handle.events()) kinds.push(event.e);
    expect(kinds).toEqual(['play_start', 'task_start', 'host_start', 'ok', 'stats']);
    expect(await handle.result).toMatchObject({ kind: 'ok', rc: 0, signal: null, custom: { moid: 'vm-7' } });
  });

  it('leaves a folder of 0700 with files of 0600, and no temporary one', async () => {
    const spec = scratch.spec(passing, { extraVars: { node: 'web1' } });
    await (
      await startRun(spec)
    ).result;
    expect(statSync(spec.runDir).mode & 0o777).toBe(0o700);
    const names = readdirSync(spec.runDir).toSorted();
    expect(names).toEqual([
      'command.json',
      'events.jsonl',
      'extra-vars.json',
      'inventory.yml',
      'outcome.json',
      'output.log',
    ]);
    for (const name of names)
      expect([name, statSync(path.join(spec.runDir, name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(JSON.parse(read(spec, 'extra-vars.json'))).toEqual({ node: 'web1' });
    expect(JSON.parse(read(spec, 'outcome.json'))).toMatchObject({ run: { kind: 'ok' } });
  });

  it('sees an environment built from nothing, an empty stdin, and a session of its own', async () => {
    process.env.REGROW_TEST_LEAK = 'leaked';
    const spec = scratch.spec(
      `${passing}; env; echo "stdin=$(readlink /proc/self/fd/0)"; echo "session=$(cut -d' ' -f6 /proc/$$/stat)" "self=$$"; ulimit -n`,
      { environment: { VMWARE_PASSWORD: 'pw-of-the-test' }, caFile: '/etc/ca.pem' },
    );
    const handle = await startRun(spec);
    await handle.result;
    delete process.env.REGROW_TEST_LEAK;
    const output = read(spec, 'output.log');
    const names = [...output.matchAll(/^([A-Za-z_]+)=/gm)].map((match) => match[1] ?? '');
    expect(output).not.toContain('leaked');
    expect(names.filter((name) => !/^(?:ANSIBLE|REGROW)_/.test(name)).toSorted()).toEqual(
      // PWD is the shell's own doing.
      [
        'HOME',
        'LANG',
        'LC_ALL',
        'PATH',
        'PWD',
        'SSL_CERT_FILE',
        'TMPDIR',
        'VMWARE_PASSWORD',
        'session',
        'stdin',
      ].toSorted(),
    );
    expect(output).toContain(`HOME=${spec.runDir}/tmp\n`);
    expect(output).toContain('stdin=/dev/null');
    expect(output).toContain(`session=${handle.pid} self=${handle.pid}`);
    expect(output).toContain(`REGROW_RUN=${spec.id}\n`);
  });

  it('shares ssh connections only where the path of their socket is short enough', () => {
    const spec = scratch.spec('');
    const environment = (root: string) => runEnvironment(spec, runFolder(root));
    const short = environment('/var/lib/regrow/runs/1m83a8hk2n37wp');
    expect(short.ANSIBLE_SSH_CONTROL_PATH_DIR).toBe('/var/lib/regrow/runs/1m83a8hk2n37wp/tmp/cp');
    expect(short.ANSIBLE_SSH_ARGS).toBeUndefined();
    const deep = environment(`/srv/${'deep/'.repeat(14)}runs/1m83a8hk2n37wp`);
    expect(deep.ANSIBLE_SSH_CONTROL_PATH_DIR).toBeUndefined();
    expect(deep.ANSIBLE_SSH_ARGS).toBe('-C');
  });

  it('passes flags, limits and a playbook of ours by name', async () => {
    const spec = scratch.spec('', { check: true, limit: 'web1', tags: ['a', 'b'], playbook: 'rebuild_node.yml' });
    await (
      await startRun(spec)
    ).result;
    const command = JSON.parse(read(spec, 'command.json')) as { argv: string[] };
    expect(command.argv.slice(5, -1)).toEqual(['--check', '--limit', 'web1', '--tags', 'a,b']);
    expect(command.argv.at(-1)).toMatch(/\/ansible\/playbooks\/rebuild_node\.yml$/);
  });

  it('can be iterated more than once, also afterwards', async () => {
    const handle = await startRun(scratch.spec(passing));
    await handle.result;
    for (const _ of [1, 2]) {
      const events: RunEvent[] = [];
      for await (const event of handle.events()) events.push(event);
      expect(events).toHaveLength(5);
    }
  });
});

describe('a run that does not pass', () => {
  it.each([
    ['exit 1', 'nothing_ran'],
    ['echo "ERROR! the playbook could not be found" >&2; exit 1', 'nothing_ran'],
    ['exit 0', 'unknown'],
    ['play_starts; task_starts a; exit 250', 'failed'],
    ['play_starts; task_starts a; exit 99', 'interrupted'],
    ['play_starts; task_starts a; kill -9 $$', 'interrupted'],
    [`${passing}; exit 120`, 'unknown'],
    [`event '{"v":1,"n":1,"t":1,"e":"stats","stats":{"other":{"ok":1}},"custom":{}}'`, 'not_attempted'],
    [`event '{"v":1,"n":1,"t":1,"e":"stats","stats":{"vm01":{"failures":1}},"custom":{}}'; exit 2`, 'failed'],
    [`event '{"v":1,"n":1,"t":1,"e":"stats","stats":{"vm01":{"unreachable":1}},"custom":{}}'; exit 4`, 'unreachable'],
    [`event '{"v":1,"n":1,"t":1,"e":"stats","stats":{},"custom":{}}'`, 'nothing_ran'],
    [`echo "ModuleNotFoundError: No module named 'ansible'" >&2; exit 1`, 'missing'],
  ])('%j is %s', async (script, kind) => {
    const end = await (await startRun(scratch.spec(script))).result;
    expect({ kind: end.kind, message: end.message }).toEqual({ kind, message: expect.stringMatching(/.{10}/) });
  });

  it('says which program is missing, and where it was looked for', async () => {
    const spec = scratch.spec('', { ansible: { path: ['/nonexistent'], python_path: [] } });
    const withoutSystem = { ...spec, ansible: { path: ['/nonexistent'], python_path: [] } };
    const broken = path.join(scratch.root, 'broken');
    mkdirSync(broken, { recursive: true });
    writeFileSync(path.join(broken, 'ansible-playbook'), '#!/no/such/interpreter\n', { mode: 0o755 });
    const handle = await startRun({ ...withoutSystem, ansible: { path: [broken], python_path: [] } });
    const end = await handle.result;
    expect(end).toMatchObject({ kind: 'missing', rc: null });
    expect(end.message).toContain(broken);
    expect(classifyFailure(end)).toBe('ansible_missing');
    expect(handle.pid).toBeNull();
    for await (const event of handle.events()) expect(event).toBeUndefined();
    expect(existsSync(path.join(spec.runDir, 'tmp'))).toBe(false);
  });

  it('refuses an id that is none: it becomes a path and a marker', async () => {
    await expect(startRun({ ...scratch.spec(''), id: '../../etc/passwd' })).rejects.toThrow(/not a run id/);
  });
});

describe('the end by force', () => {
  it('comes at the deadline: SIGTERM, a grace, SIGKILL, whoever is deaf', async () => {
    const spec = scratch.spec(
      `trap 'echo got TERM' TERM; play_starts; task_starts slow; while :; do sleep 0.05; done`,
      {
        deadlineMs: 400,
        graceMs: 200,
      },
    );
    const end = await (await startRun(spec)).result;
    expect(end).toMatchObject({
      kind: 'timed_out',
      signal: 'SIGKILL',
      message: 'Stopped at its deadline of 0.4 s, during "slow" on vm01.',
    });
    expect(read(spec, 'output.log')).toContain('got TERM');
    expect(classifyFailure(end)).toBe('timed_out');
    expect(await liveProcesses(spec.id)).toEqual([]);
  });

  it('comes on request, and the children in sessions of their own go too', async () => {
    const spec = scratch.spec(
      `play_starts; task_starts upload; setsid sleep 300 & setsid sh -c 'trap "" TERM; sleep 300' & sleep 300`,
    );
    const handle = await startRun(spec);
    await firstOf(handle, 'host_start');
    await expect.poll(async () => (await liveProcesses(spec.id)).length, { timeout: 5_000 }).toBeGreaterThanOrEqual(4);
    await handle.cancel('operator');
    expect(await handle.result).toMatchObject({
      kind: 'cancelled',
      message: 'Cancelled: operator, during "upload" on vm01.',
    });
    expect(await liveProcesses(spec.id)).toEqual([]);
    expect(existsSync(path.join(spec.runDir, 'tmp'))).toBe(false);
  });

  it('sweeps what a run that passed left running', async () => {
    const spec = scratch.spec(`setsid sh -c 'trap "" TERM HUP; sleep 300' & ${passing}`);
    expect(await (await startRun(spec)).result).toMatchObject({ kind: 'ok' });
    expect(await liveProcesses(spec.id)).toEqual([]);
  });

  it('believes a run that came to its end while it was being stopped', async () => {
    const spec = scratch.spec(`trap 'passes; exit 0' TERM; play_starts; task_starts a; while :; do sleep 0.02; done`, {
      graceMs: 5_000,
    });
    const handle = await startRun(spec);
    await firstOf(handle, 'host_start');
    await handle.cancel('too late');
    expect(await handle.result).toMatchObject({ kind: 'ok' });
  });

  it('is harmless after the end, and twice', async () => {
    const handle = await startRun(scratch.spec(passing));
    const end = await handle.result;
    await handle.cancel('late');
    await handle.cancel('later');
    expect(await handle.result).toBe(end);
  });
});

describe('a run whose folder cannot be written', () => {
  it('is ended at its deadline all the same, and judged', async () => {
    const spec = scratch.spec(`play_starts; task_starts slow; sleep 300`, { deadlineMs: 600 });
    const handle = await startRun(spec);
    await firstOf(handle, 'host_start');
    for (const name of ['command.json', 'outcome.json']) {
      rmSync(path.join(spec.runDir, name), { force: true });
      mkdirSync(path.join(spec.runDir, name));
    }
    const end = await handle.result;
    expect(end.kind).toBe('timed_out');
    expect(end.message).toMatch(/the outcome could not be kept: E/);
    expect(await liveProcesses(spec.id)).toEqual([]);
  });
});

describe('a secret', () => {
  const secret = 'S3cret-"quoted"-é';
  // A careless playbook: it leaves the secret in temporary files, in a result, and in its output.
  const careless = `
    printf %s "$VMWARE_PASSWORD" >"$HOME/local/AnsiballZ_x.py"
    printf %s "$VMWARE_PASSWORD" >"$TMPDIR/elsewhere"
    cat "$REGROW_UNLINK" >/dev/null || exit 9
    echo "connecting with $VMWARE_PASSWORD now"
    play_starts; task_starts long`;

  it('is in no file of the run, no argument and no temporary file, once a run was killed', async () => {
    const spec = scratch.spec(`${careless}; exec sleep 300`, {
      environment: { VMWARE_PASSWORD: secret },
      extraVars: { note: `the password is ${secret}`, nested: [{ deep: secret }] },
    });
    const handle = await startRun(spec);
    await firstOf(handle, 'host_start');
    const argv = readFileSync(`/proc/${handle.pid}/cmdline`, 'utf8');
    expect(argv).not.toContain('S3cret');
    await handle.cancel('test');
    expect(filesUnder(spec.runDir).filter(({ text }) => text.includes('S3cret'))).toEqual([]);
    expect(JSON.parse(read(spec, 'extra-vars.json'))).toEqual({
      note: 'the password is [redacted]',
      nested: [{ deep: '[redacted]' }],
    });
  });

  it('may be in a file that only the run reads: private, and gone with it, also when there comes no run of it', async () => {
    const script = `ls -l "$HOME/new.yml" && cat "$HOME/new.yml" >seen; ${passing}`;
    const spec = scratch.spec(script, { passingFiles: { 'new.yml': 'https://hooks.example.org/S3cret' } });
    const handle = await startRun(spec);
    await handle.result;
    expect(read(spec, 'output.log')).toMatch(/^-rw------- /);
    expect(read(spec, 'seen')).toContain('S3cret');
    expect(existsSync(path.join(spec.runDir, 'tmp'))).toBe(false);

    const unbegun = scratch.spec(passing, { passingFiles: { 'new.yml': 'S3cret' } });
    mkdirSync(path.join(unbegun.runDir, 'command.json'), { recursive: true });
    await expect(startRun(unbegun)).rejects.toThrow(/EISDIR/);
    expect(existsSync(path.join(unbegun.runDir, 'inventory.yml'))).toBe(true);
    expect(existsSync(path.join(unbegun.runDir, 'tmp'))).toBe(false);
  });

  it('is out of the extra-vars file from the first play on', async () => {
    const spec = scratch.spec(`cp "$REGROW_UNLINK" "$HOME/../seen.yml"; play_starts; task_starts a; sleep 300`, {
      extraVars: { reason: 'two {{ templates }}', count: 3, list: [true, null], text: 'plain' },
    });
    const handle = await startRun(spec);
    await firstOf(handle, 'host_start');
    expect(existsSync(path.join(spec.runDir, 'tmp/extra-vars.yml'))).toBe(false);
    expect(read(spec, 'seen.yml')).toBe(
      '{"reason": !unsafe "two {{ templates }}", "count": 3, "list": [true, null], "text": "plain"}',
    );
    await handle.cancel('test');
  });
});
