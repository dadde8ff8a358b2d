import { execa } from 'execa';

/** What a program of this machine said. `missing`: it could not be started. */
export interface ToolAnswer {
  readonly missing: boolean;
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment of a program that the doctor asks: like that of a run, with nothing of the user's in it. */
export interface ToolEnvironment {
  /** Directories before the system's own in PATH. */
  readonly path?: readonly string[];
  /** Directories in PYTHONPATH. */
  readonly pythonPath?: readonly string[];
  readonly home: string;
}

/** Asks a program. Never throws; ends it after a minute. */
export async function askTool(
  program: string,
  args: readonly string[],
  { path = [], pythonPath = [], home }: ToolEnvironment,
): Promise<ToolAnswer> {
  const answer = await execa(program, args, {
    env: {
      PATH: [...path, systemPath].join(':'),
      HOME: home,
      LC_ALL: 'C.UTF-8',
      ANSIBLE_NOCOLOR: '1',
      ...(pythonPath.length > 0 ? { PYTHONPATH: pythonPath.join(':') } : {}),
    },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: 60_000,
    maxBuffer: 4 * 1024 * 1024,
  });
  const missing = answer.code === 'ENOENT' || answer.code === 'EACCES';
  return { missing, exitCode: answer.exitCode, stdout: answer.stdout ?? '', stderr: answer.stderr ?? '' };
}
