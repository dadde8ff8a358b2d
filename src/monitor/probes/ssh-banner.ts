import { connect } from 'node:net';
import { noAddress, resultOfError, stopwatch, type ProbeResult } from './probe-result.ts';

/** Whether an sshd answers: not only that a connection is accepted, which a kernel does for a program that stands still. */
export async function probeSshBanner(
  address: string | undefined,
  port: number,
  timeoutMs: number,
): Promise<ProbeResult> {
  if (address === undefined) return noAddress;
  const elapsed = stopwatch();
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (result: ProbeResult): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const failed = (detail: string): void => end({ status: 'failed', latencyMs: elapsed(), detail });
    const timer = setTimeout(() => failed(`no sshd answers on port ${port} within ${timeoutMs} ms`), timeoutMs);
    socket.once('data', (first) => {
      if (first.toString('latin1').startsWith('SSH-'))
        end({ status: 'ok', latencyMs: elapsed(), detail: `sshd answers on port ${port}` });
      else failed(`what answers on port ${port} is no sshd`);
    });
    socket.once('end', () => failed(`port ${port} closed the connection`));
    // `on`, not `once`: an error after the end must not become an uncaught one.
    socket.on('error', (error) => end(resultOfError(error, elapsed())));
  });
}
