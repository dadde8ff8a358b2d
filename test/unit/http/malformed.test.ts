import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compiledSources } from '../compiled.ts';
import { ask, controllerView } from './fake-controller.ts';
import { Dice, malformedRequest } from './malformed.ts';

const compiled = compiledSources();
const count = 10_000;
/** The heap may be so much larger at the end than after the first thousand: it does not grow with the requests. */
const mostGrowthBytes = 4 * 1024 * 1024;

describe('ten thousand malformed requests', () => {
  it('leave the server as it was, and its memory flat', async () => {
    const child = await servedByItself();
    const dice = new Dice(20_261_124);
    const statuses = new Map<string, number>();
    await sendAll(child.url, dice, count / 10, statuses);
    const before = await child.measure();
    await sendAll(child.url, dice, (count * 9) / 10, statuses);
    const after = await child.measure();
    expect((await ask(child.url, '/v1/status')).status).toBe(200);
    expect(after.faults).toEqual([]);
    expect(after.bytes - before.bytes).toBeLessThan(mostGrowthBytes);
    // They reached what they were meant to reach, and nothing was answered with a fault.
    for (const status of ['200', '400', '401', '404', '405', '431']) expect(statuses.get(status)).toBeGreaterThan(10);
    expect([...statuses.keys()].filter((status) => status.startsWith('5'))).toEqual([]);
  }, 60_000);
});

/** Sends them, fifty at a time, each on a connection of its own that ends when something was answered, or nothing more is to come. */
async function sendAll(url: string, dice: Dice, many: number, statuses: Map<string, number>): Promise<void> {
  const port = Number(new URL(url).port);
  let left = many;
  const sendSome = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const status = await sendOne(port, malformedRequest(dice));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 50 }, sendSome));
}

async function sendOne(port: number, request: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  const answered = new Promise<string>((resolve) => {
    socket.on('data', (data) => resolve(/^HTTP\/1\.1 (\d{3})/.exec(data.toString('latin1'))?.[1] ?? 'noise'));
    socket.on('error', () => resolve('reset'));
    socket.on('close', () => resolve('closed'));
  });
  // The end tells the server that nothing more comes: it need not wait for the rest of what is torn.
  socket.end(request, 'latin1');
  const status = await answered;
  socket.destroy();
  return status;
}

async function servedByItself() {
  const program = fileURLToPath(new URL('fuzzed-server.mjs', import.meta.url));
  const said = await Promise.all(
    Object.entries(controllerView()).map(async ([name, answer]): Promise<unknown> => [
      name,
      // What is no question, the server of its own has by itself.
      typeof answer === 'function' ? await Reflect.apply(answer, undefined, ['24h']) : null,
    ]),
  );
  const child = fork(program, [compiled('http/server.js'), JSON.stringify(said)], { execArgv: ['--expose-gc'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const { url } = await message<{ url: string }>(child);
  return {
    url,
    measure: async () => {
      const answer = message<{ bytes: number; faults: string[] }>(child);
      child.send('measure');
      return answer;
    },
  };
}

async function message<T>(child: ChildProcess): Promise<T> {
  const [value]: T[] = await once(child, 'message');
  if (value === undefined) throw new Error('no message');
  return value;
}
