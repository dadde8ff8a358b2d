import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** What a program in the machine printed, and how it ended. */
export interface Ended {
  readonly status: number | null;
  readonly text: string;
}

/** A machine that a real systemd has booted over this machine's own files; what is changed in it is thrown away. */
export interface Machine {
  /** Runs a program in it. */
  inside(...argv: readonly string[]): Ended;
  /** Writes a file of that mode in it. */
  write(path: string, text: string, mode: string): void;
  /** What `read` gives, once that is not undefined; at most a minute. */
  until<T>(what: string, read: () => T | undefined): Promise<T>;
  end(): void;
}

const withinMs = 60_000;
const endsWithinMs = 300_000;

const namespaces = (pid: string): string[] => ['-t', pid, '-m', '-n', '-p', '-C', '-r', '-w'];
const processesIn = (pid: string): string =>
  spawnSync('nsenter', [...namespaces(pid), 'ps', '-eo', 'pid,ppid,stat,wchan:24,etime,args'], { encoding: 'utf8' })
    .stdout;

/** Boots one; test/lab/systemd says how. */
export async function bootMachine(name: string): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), `regrow-${name}-`));
  const boot = spawn(join(import.meta.dirname, 'systemd'), [folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  let pid = '';
  const enter = (argv: readonly string[], input = ''): Ended => {
    const { status, stdout, stderr, error } = spawnSync('nsenter', [...namespaces(pid), ...argv], {
      encoding: 'utf8',
      input,
      timeout: endsWithinMs,
      killSignal: 'SIGKILL',
    });
    const ended = error === undefined ? '' : `\n${error.message}; what runs in the machine:\n${processesIn(pid)}`;
    return { status, text: (stdout + stderr + ended).trim() };
  };
  const inside = (...argv: readonly string[]): Ended => enter(argv);
  const until = async <T>(what: string, read: () => T | undefined): Promise<T> => {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const value = read();
      if (value !== undefined) return value;
      if (Date.now() > deadline)
        throw new Error(`not within a minute: ${what}\n${inside('journalctl', '-n', '40', '--no-pager').text}`);
      await setTimeout(200);
    }
  };
  const end = (): void => {
    boot.kill('SIGKILL');
    spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    pid = await until('a systemd', () => {
      const { stdout } = spawnSync('pgrep', ['-P', String(boot.pid), '-x', 'systemd'], { encoding: 'utf8' });
      return stdout.trim() || undefined;
    });
    await until('a system that is up', () => {
      const { text } = inside('systemctl', 'is-system-running');
      return text === 'running' || text === 'degraded' ? text : undefined;
    });
  } catch (error) {
    end();
    throw error;
  }
  return {
    inside,
    until,
    write: (path, text, mode) => {
      const { status, text: reason } = enter(['sh', '-c', 'cat >"$1" && chmod "$2" "$1"', 'sh', path, mode], text);
      if (status !== 0) throw new Error(`${path} cannot be written: ${reason}`);
    },
    end,
  };
}
