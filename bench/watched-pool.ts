import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { SlipSummary } from '../src/monitor/slip.ts';
import { compiled } from './compiled.ts';

/** What the monitor of one pool cost. */
export interface MonitorCost {
  readonly nodes: number;
  /** Of the monitor's own process, and of the fping processes, in one cycle. */
  readonly ownPerCycle: number;
  readonly fpingPerCycle: number;
  readonly rssBytes: number;
  readonly slip: SlipSummary;
  /** From an address falling silent to the third failure of its node. */
  readonly detectionSeconds: number;
}

interface RoundLine {
  readonly round: number;
  readonly own: number;
  readonly children: number;
  readonly rss: number;
  readonly counts: { readonly ok: number; readonly failed: number; readonly unknown: number };
  readonly slip: SlipSummary | null;
}
type Line = RoundLine | { readonly unhealthy: string; readonly at: number } | { readonly stalled: number };

const peer = 'regrow-bench';

/** A namespace behind a virtual cable that answers for all of 10.9.0.0/16. Needs a network and a /run/netns of one's own. */
export async function layCable(): Promise<void> {
  await ip(`netns add ${peer}`);
  await ip(`link add regrow-here type veth peer name regrow-there netns ${peer}`);
  await ip('addr add 10.8.0.1/30 dev regrow-here');
  await ip('link set regrow-here up');
  await ip('route add 10.9.0.0/16 via 10.8.0.2');
  for (const there of [
    'link set lo up',
    'addr add 10.8.0.2/30 dev regrow-there',
    'link set regrow-there up',
    'route add local 10.9.0.0/16 dev lo',
  ])
    await ip(`-n ${peer} ${there}`);
}

async function ip(words: string): Promise<void> {
  await execa('ip', words.split(' '));
}

const cycles = 3;

/** Runs the compiled monitor on a pool: three whole cycles after the first round, then one node falls silent. */
export async function measureMonitor(nodes: number, cycleMs: number): Promise<MonitorCost> {
  const program = compiled('monitor-child');
  const child = spawn(process.execPath, [program, String(nodes), String(cycleMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const silent = { node: 'web1', address: '10.9.0.1' };
  try {
    const lines = linesOf(child);
    const first = await roundIn(lines, 1);
    const last = await roundIn(lines, 1 + cycles);
    if (last.slip === null || last.counts.ok !== nodes * (1 + cycles)) {
      throw new Error(`not all pings were answered: ${JSON.stringify(last)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, cycleMs / 2));
    await ip(`-n ${peer} route add blackhole ${silent.address}/32 table local`);
    const silentAt = Number(process.hrtime.bigint()) / 1e6;
    const seenAt = await unhealthyIn(lines, silent.node);
    return {
      nodes,
      ownPerCycle: (last.own - first.own) / cycles,
      fpingPerCycle: (last.children - first.children) / cycles,
      rssBytes: last.rss,
      slip: last.slip,
      detectionSeconds: (seenAt - silentAt) / 1000,
    };
  } finally {
    await ip(`-n ${peer} route del blackhole ${silent.address}/32 table local`).catch(() => {});
    await end(child);
  }
}

/** The resident memory of a Node that does nothing. */
export async function idleNodeBytes(): Promise<number> {
  const { stdout } = await execa(process.execPath, [
    '-e',
    'setTimeout(() => console.log(process.memoryUsage.rss()), 500)',
  ]);
  return Number(stdout);
}

async function* linesOf(child: ChildProcess): AsyncGenerator<Line, void> {
  if (child.stdout === null) return;
  for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as Line;
}

async function roundIn(lines: AsyncGenerator<Line, void>, round: number): Promise<RoundLine> {
  return nextIn(lines, (line) => ('round' in line && line.round === round ? line : undefined));
}

async function unhealthyIn(lines: AsyncGenerator<Line, void>, node: string): Promise<number> {
  return nextIn(lines, (line) => ('unhealthy' in line && line.unhealthy === node ? line.at : undefined));
}

async function nextIn<T>(lines: AsyncGenerator<Line, void>, wanted: (line: Line) => T | undefined): Promise<T> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the monitor ended');
    if ('stalled' in value) throw new Error(`the monitor stood still for ${value.stalled} ms: measure again`);
    const found = wanted(value);
    if (found !== undefined) return found;
  }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  if (child.exitCode === null && child.kill('SIGKILL')) await ended;
}
