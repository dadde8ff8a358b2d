import { readFile, statfs } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { ProbeResult } from './probe-result.ts';
import { stopwatch } from './probe-result.ts';

/* What a controller measures of its own machine. What cannot be read is unknown, and never a failure. */

/** Used share of the filesystem that holds the path, as df shows it: what only root may use counts as neither used nor free. */
export async function probeFilesystem(path: string, maxUsed: number): Promise<ProbeResult> {
  return shareProbe(maxUsed, async () => {
    const { blocks, bfree, bavail } = await statfs(path);
    const used = blocks - bfree;
    return { share: (100 * used) / (used + bavail), of: path };
  });
}

/** Used share of the memory as Monit and free(1) show it: caches that can be given back are free (MemAvailable). */
export async function probeMemory(maxUsed: number): Promise<ProbeResult> {
  return shareProbe(maxUsed, async () => ({
    share: memoryUsed(await readFile('/proc/meminfo', 'utf8')),
    of: 'memory',
  }));
}

/** Percent of the memory that is in use. NaN when the text does not tell. */
export function memoryUsed(meminfo: string): number {
  const kibibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? Number.NaN);
  const total = kibibytes('MemTotal');
  return (100 * (total - kibibytes('MemAvailable'))) / total;
}

/** Time of all processors, in ticks since the boot. */
export interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

/** The processors' times in /proc/stat. Waiting for a disk is not busy; guests are in user time already (proc(5)). */
export function cpuTimes(stat: string): CpuTimes {
  const line = /^cpu +(.+)$/m.exec(stat)?.[1] ?? '';
  const ticks = (line.match(/\d+/g) ?? []).map(Number);
  const [user = Number.NaN, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = ticks;
  const busy = user + nice + system + irq + softIrq + steal;
  return { busy, total: busy + idle + ioWait };
}

/** Without an earlier measurement the processors are watched for so long. */
const firstLookMs = 1000;

/** Measures the processors between two measurements of the same check. */
export class CpuMeter {
  readonly #last = new WeakMap<object, CpuTimes>();

  /** Busy share of all processors since the last measurement of this check, or within a second when it is the first. */
  async probe(check: { readonly max_used: number }): Promise<ProbeResult> {
    return shareProbe(check.max_used, async () => {
      const before = this.#last.get(check) ?? (await firstLook());
      const now = await readCpu();
      this.#last.set(check, now);
      return { share: (100 * (now.busy - before.busy)) / (now.total - before.total), of: 'all processors' };
    });
  }
}

async function firstLook(): Promise<CpuTimes> {
  const first = await readCpu();
  await wait(firstLookMs);
  return first;
}

async function readCpu(): Promise<CpuTimes> {
  return cpuTimes(await readFile('/proc/stat', 'utf8'));
}

async function shareProbe(
  max: number,
  read: () => Promise<{ readonly share: number; readonly of: string }>,
): Promise<ProbeResult> {
  const elapsed = stopwatch();
  try {
    const { share, of } = await read();
    if (!Number.isFinite(share))
      return { status: 'unknown', latencyMs: null, detail: `the use of ${of} cannot be told` };
    const detail = `${share.toFixed(1)} % of ${of} in use, ${max} % allowed`;
    return { status: share > max ? 'failed' : 'ok', latencyMs: elapsed(), detail };
  } catch (error) {
    return { status: 'unknown', latencyMs: null, detail: error instanceof Error ? error.message : String(error) };
  }
}
