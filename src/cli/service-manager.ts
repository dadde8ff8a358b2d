import { execa } from 'execa';
import type { Environment } from '../config/environment.ts';

/** Tells the service manager how the controller does. None of these ever rejects: a controller works without one, too. */
export interface ServiceManager {
  /** Started, or reloaded. */
  ready(status: string): Promise<void>;
  /** One line for `systemctl status`. */
  status(text: string): Promise<void>;
  /** Alive. To be sent more often than the watchdog's time. */
  watchdog(): Promise<void>;
  /** Reads its configuration anew; `ready` ends it. */
  reloading(): Promise<void>;
  stopping(status: string): Promise<void>;
}

export interface ServiceManagerOptions {
  /** What this process was started with: NOTIFY_SOCKET, PATH. */
  readonly env: Environment;
  /** Told once when messages cannot be sent. */
  readonly onTrouble: (reason: string) => void;
}

const sendWithinMs = 10_000;

/**
 * The service manager that started this process, by systemd's protocol (sd_notify(3)). Messages go out one at a time, in their
 * order, through the program systemd-notify: Node has no datagram sockets of that kind. Without NOTIFY_SOCKET nothing is sent.
 *
 * The messages come from a child of the main process: a unit needs NotifyAccess=all, unless it runs as root.
 */
export function serviceManager({ env, onTrouble }: ServiceManagerOptions): ServiceManager {
  const socket = env['NOTIFY_SOCKET'];
  let last: Promise<void> = Promise.resolve();
  let isWatchdogWaiting = false;
  let hasTrouble = false;

  const send = async (variables: readonly string[]): Promise<void> => {
    if (socket === undefined || socket === '') return;
    const reason = await notify(variables, socket, env);
    if (reason === undefined || hasTrouble) return;
    hasTrouble = true;
    onTrouble(reason);
  };
  const inTurn = (...variables: readonly string[]): Promise<void> => (last = last.then(() => send(variables)));
  return {
    ready: (text) => inTurn('READY=1', statusLine(text)),
    status: (text) => inTurn(statusLine(text)),
    watchdog: async () => {
      // One that still waits says the same.
      if (isWatchdogWaiting) return;
      isWatchdogWaiting = true;
      await inTurn('WATCHDOG=1');
      isWatchdogWaiting = false;
    },
    reloading: () => inTurn('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: (text) => inTurn('STOPPING=1', statusLine(text)),
  };
}

/**
 * How often to send `watchdog`, in milliseconds: half of what WATCHDOG_USEC allows. Undefined when the service manager watches
 * nothing, or another process.
 */
export function watchdogInterval(env: Environment): number | undefined {
  const { WATCHDOG_USEC: usec = '', WATCHDOG_PID: pid = '' } = env;
  if (!/^\d{1,15}$/.test(usec) || Number(usec) === 0) return undefined;
  if (pid !== '' && pid !== String(process.pid)) return undefined;
  return Math.max(1, Math.floor(Number(usec) / 2000));
}

function statusLine(text: string): string {
  return `STATUS=${text.replace(/\p{Cc}+/gu, ' ')}`;
}

/** Why a message could not be sent; undefined when it was. */
async function notify(variables: readonly string[], socket: string, env: Environment): Promise<string | undefined> {
  const { code, exitCode, failed, timedOut, stderr } = await execa(
    'systemd-notify',
    [`--pid=${process.pid}`, '--', ...variables],
    {
      env: { NOTIFY_SOCKET: socket, PATH: env['PATH'] },
      extendEnv: false,
      stdin: 'ignore',
      stdout: 'ignore',
      timeout: sendWithinMs,
      killSignal: 'SIGKILL',
      maxBuffer: 4096,
      reject: false,
    },
  );
  if (!failed) return undefined;
  if (code === 'ENOENT') return 'the program systemd-notify is not installed';
  return timedOut
    ? `systemd-notify did not end within ${sendWithinMs} ms`
    : `systemd-notify: ${stderr || `exit status ${exitCode}`}`;
}
