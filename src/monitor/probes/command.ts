import { spawn, type ChildProcess } from 'node:child_process';
import { assertRoomForProgram } from '../../descriptors.ts';
import { codeOf, stopwatch, type ProbeResult } from './probe-result.ts';

/** A command whose exit status is the measurement. */
export interface CommandProbe {
  /** Program and arguments, with every placeholder filled in. No shell reads it. */
  readonly argv: readonly string[];
  /** The whole environment of the command. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

const maxOutputChars = 4096;

/** Runs a command in a process group of its own; at the timeout the whole group is killed. Exit status 0 is success. */
export async function probeCommand({ argv, env, timeoutMs }: CommandProbe): Promise<ProbeResult> {
  const elapsed = stopwatch();
  const [program = '', ...args] = argv;
  const unstarted = (error: unknown): ProbeResult => {
    return { status: 'unknown', latencyMs: null, detail: `${program} cannot be started (${codeOf(error)})` };
  };
  try {
    assertRoomForProgram();
  } catch (error) {
    return unstarted(error);
  }
  return new Promise((resolve) => {
    let tail = '';
    let timedOut = false;
    const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, timeoutMs);
    const end = (result: ProbeResult): void => {
      clearTimeout(timer);
      // Something that left the group may still hold the pipes open; nobody waits for it.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(result);
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => (tail = (tail + chunk).slice(-maxOutputChars)));
    }
    child.once('error', (error) => end(unstarted(error)));
    child.once('exit', (exitCode, signal) => {
      const latencyMs = elapsed();
      // What was written just before the exit is still in the pipe.
      setImmediate(() => end(resultOf({ exitCode, signal, timedOut, tail, latencyMs, timeoutMs })));
    });
  });
}

interface Ending {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly tail: string;
  readonly latencyMs: number;
  readonly timeoutMs: number;
}

function resultOf({ exitCode, signal, timedOut, tail, latencyMs, timeoutMs }: Ending): ProbeResult {
  if (timedOut) return { status: 'failed', latencyMs, detail: `still running after ${timeoutMs} ms, killed` };
  const said = tail.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  const detail = said === '' ? `exit status ${exitCode ?? 'none'}` : `exit status ${exitCode ?? 'none'}: ${said}`;
  if (exitCode === 0) return { status: 'ok', latencyMs, detail };
  // Somebody else killed it, as a machine does that runs out of memory: it never gave its answer.
  if (signal !== null) return { status: 'unknown', latencyMs, detail: `the command was ended by ${signal}` };
  return { status: 'failed', latencyMs, detail };
}

/** The child leads its group, so its pid names the group for as long as it has not been waited for. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}
