import { isIP } from 'node:net';
import { execa } from 'execa';
import { assertRoomForProgram } from '../../descriptors.ts';
import { codeOf, noAddress, stopwatch, type ProbeResult } from './probe-result.ts';

/** How to ping. */
export interface PingOptions {
  readonly timeoutMs: number;
  /** Directories in which fping is looked for, as in PATH. */
  readonly path: string;
}

const attempts = 3;

/**
 * Pings many addresses with one fping process: up to three echo requests each, within the timeout. Every address given is a key of
 * the answer.
 */
export async function pingAll(
  addresses: readonly string[],
  { timeoutMs, path }: PingOptions,
): Promise<ReadonlyMap<string, ProbeResult>> {
  const sound = [...new Set(addresses.filter((address) => isIP(address) !== 0))];
  const invalid = addresses.filter((address) => isIP(address) === 0);
  const results = new Map(invalid.map((address) => [address, unknown('not an IP address')] as const));
  if (sound.length === 0) return results;
  const elapsed = stopwatch();
  const shortage = shortageOf();
  if (shortage !== undefined) return new Map([...results, ...sound.map((address) => [address, shortage] as const)]);
  const perAttemptMs = Math.min(1000, Math.max(50, Math.floor(timeoutMs / attempts)));
  const { exitCode, stdout, stderr, code, timedOut } = await execa(
    'fping',
    // -e: latency, -r: retries, -B 1: always the same wait, -i: milliseconds between two packets.
    ['-e', '-r', String(attempts - 1), '-t', String(perAttemptMs), '-B', '1', '-i', '1'],
    {
      input: sound.map((address) => `${address}\n`).join(''),
      env: { PATH: path, LC_ALL: 'C' },
      extendEnv: false,
      reject: false,
      // fping keeps the time itself; that it overruns means that this machine is in trouble.
      timeout: timeoutMs + sound.length * attempts + 2000,
      killSignal: 'SIGKILL',
      maxBuffer: 4 * 1024 * 1024,
    },
  );
  const trouble = troubleOf({ exitCode, code, timedOut, stderr });
  const latencies = answersIn(stdout);
  const errors = sendErrorsIn(stderr);
  for (const address of sound) {
    const latencyMs = latencies.get(address);
    const sendError = errors.get(address);
    if (latencyMs !== undefined) results.set(address, { status: 'ok', latencyMs, detail: 'answers' });
    else if (trouble !== undefined) results.set(address, unknown(trouble));
    else if (sendError !== undefined) results.set(address, unknown(sendError));
    else
      results.set(address, {
        status: 'failed',
        latencyMs: elapsed(),
        detail: `no answer to ${attempts} echo requests`,
      });
  }
  return results;
}

/** Pings one node. */
export async function pingOne(address: string | undefined, options: PingOptions): Promise<ProbeResult> {
  if (address === undefined) return noAddress;
  return (await pingAll([address], options)).get(address) ?? unknown('fping said nothing about it');
}

interface Ending {
  readonly exitCode: number | undefined;
  readonly code: string | undefined;
  readonly timedOut: boolean;
  readonly stderr: string;
}

/** Why nothing that fping said can be trusted, or undefined. 0: all answered, 1: some did not; anything else is a fault. */
function troubleOf({ exitCode, code, timedOut, stderr }: Ending): string | undefined {
  if (timedOut) return 'fping did not end in time';
  if (code === 'ENOENT') return 'fping is not installed';
  if (exitCode === 0 || exitCode === 1) return undefined;
  const reason = stderr.trim().split('\n')[0] ?? '';
  return reason === '' ? `fping failed (${code ?? `exit code ${exitCode ?? 'none'}`})` : `fping failed: ${reason}`;
}

/** Lines such as `10.0.0.1 is alive (0.354 ms)`. */
function answersIn(stdout: string): ReadonlyMap<string, number> {
  const answers = [...stdout.matchAll(/^(\S+) is alive \(([0-9.]+) ms\)/gm)];
  return new Map(answers.map(([, address = '', ms = '0']) => [address, Number(ms)]));
}

/** Lines such as `10.0.0.1: error while sending ping: Network is unreachable`: this machine could not even ask. */
function sendErrorsIn(stderr: string): ReadonlyMap<string, string> {
  const errors = [...stderr.matchAll(/^(\S+): (error while sending ping: .*)$/gm)];
  return new Map(errors.map(([, address = '', reason = '']) => [address, reason]));
}

/** Why no program can be started. */
function shortageOf(): ProbeResult | undefined {
  try {
    assertRoomForProgram();
    return undefined;
  } catch (error) {
    return unknown(`fping cannot be started (${codeOf(error)})`);
  }
}

function unknown(detail: string): ProbeResult {
  return { status: 'unknown', latencyMs: null, detail };
}
