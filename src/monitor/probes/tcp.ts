import { connect } from 'node:net';
import { noAddress, resultOfError, stopwatch, type ProbeResult } from './probe-result.ts';

/** Whether the node accepts a TCP connection. */
export async function probeTcp(address: string | undefined, port: number, timeoutMs: number): Promise<ProbeResult> {
  if (address === undefined) return noAddress;
  const elapsed = stopwatch();
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (result: ProbeResult): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(
      () => end({ status: 'failed', latencyMs: elapsed(), detail: `no answer within ${timeoutMs} ms` }),
      timeoutMs,
    );
    socket.once('connect', () => end({ status: 'ok', latencyMs: elapsed(), detail: `port ${port} accepts` }));
    // `on`, not `once`: an error after the end must not become an uncaught one.
    socket.on('error', (error) => end(resultOfError(error, elapsed())));
  });
}
