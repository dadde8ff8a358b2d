import { spawn } from 'node:child_process';
import { Agent, get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import type { SlipSummary } from '../src/monitor/slip.ts';
import { compiled } from './compiled.ts';

/** What a controller answered under load, and what its scheduler did meanwhile. */
export interface HttpCost {
  readonly nodes: number;
  readonly answerBytes: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Events that a reader was told, of those appended. */
  readonly eventsEach: number;
  /** Without readers and requests, and with them. */
  readonly idleSlip: SlipSummary;
  readonly slip: SlipSummary;
  readonly cpuShare: number;
  readonly rssBytes: number;
}

interface Measured {
  readonly slip: SlipSummary;
  readonly cpuSeconds: number;
  readonly rss: number;
}

export interface LoadOptions {
  readonly nodes: number;
  readonly intervalMs: number;
  readonly loadMs: number;
  readonly readers: number;
  /** Connections that ask for the report, each again as soon as it was answered. */
  readonly askers: number;
}

/** Runs the compiled server beside the compiled monitor: first alone, then under load. */
export async function measureHttp({ nodes, intervalMs, loadMs, readers, askers }: LoadOptions): Promise<HttpCost> {
  const program = compiled('http-child');
  const child = spawn(process.execPath, [program, String(nodes), String(intervalMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const agent = new Agent({ keepAlive: true, maxSockets: askers });
  const streams: IncomingMessage[] = [];
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { url } = await line<{ url: string }>(lines);
    const measure = async (): Promise<Measured> => {
      child.stdin.write('\n');
      return line<Measured>(lines);
    };
    await wait(intervalMs * 2);
    await measure();
    await wait(intervalMs * 2);
    const idle = await measure();
    let events = 0;
    for (let reader = 0; reader < readers; reader += 1) {
      const stream = await response(`${url}/v1/events`, {});
      stream.setEncoding('utf8').on('data', (text: string) => (events += text.split('\ndata: ').length - 1));
      streams.push(stream);
    }
    await measure();
    const until = performance.now() + loadMs;
    const times: number[] = [];
    let answerBytes = 0;
    const ask = async (): Promise<void> => {
      while (performance.now() < until) {
        const began = performance.now();
        answerBytes = await lengthOf(await response(`${url}/v1/status`, { agent }));
        times.push(performance.now() - began);
      }
    };
    await Promise.all(Array.from({ length: askers }, ask));
    const loaded = await measure();
    const sorted = times.toSorted((a, b) => a - b);
    const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN;
    return {
      nodes,
      answerBytes,
      perSecond: times.length / (loadMs / 1000),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      eventsEach: events / readers,
      idleSlip: idle.slip,
      slip: loaded.slip,
      cpuShare: loaded.cpuSeconds / (loadMs / 1000),
      rssBytes: loaded.rss,
    };
  } finally {
    for (const stream of streams) stream.destroy();
    agent.destroy();
    child.kill('SIGTERM');
  }
}

async function line<T>(lines: AsyncIterator<string>): Promise<T> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error('the server ended');
  const said = JSON.parse(value) as T & { readonly stalled?: number; readonly fault?: string };
  if (said.stalled !== undefined) return line(lines);
  if (said.fault !== undefined) throw new Error(said.fault);
  return said;
}

async function response(url: string, options: { readonly agent?: Agent }): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, ...options }, resolve).on('error', reject);
  });
}

async function lengthOf(message: IncomingMessage): Promise<number> {
  if (message.statusCode !== 200) throw new Error(`HTTP ${message.statusCode}`);
  let length = 0;
  for await (const chunk of message) length += Buffer.isBuffer(chunk) ? chunk.length : 0;
  return length;
}

async function wait(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
