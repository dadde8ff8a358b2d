import type { Clock } from './clock.ts';
import type { Measurement, MonitorTarget } from './measurement.ts';
import type { PingEntry, PlanEntry, SoloEntry } from './plan.ts';
import { noAddress, type ProbeResult } from './probes/probe-result.ts';
import type { Probes } from './probes/probes.ts';
import { entriesOf, type Work } from './pulse.ts';

/** What a measurement needs. */
export interface MeasuringParts {
  readonly clock: Clock;
  /** Asked at every measurement: addresses change. */
  target(node: string): MonitorTarget;
  readonly probes: Probes;
}

/** A measurement, and the entry of the plan that it was made for. */
export interface Measured {
  readonly entry: PlanEntry;
  readonly measurement: Measurement;
}

/** Measures. Never rejects: what goes wrong here is this machine's trouble, and the result is unknown. */
export async function measureWork(work: Work, parts: MeasuringParts): Promise<readonly Measured[]> {
  return work.kind === 'solo'
    ? [await measureSolo(work.entry, parts)]
    : measureRound(work.entries, work.timeoutMs, parts);
}

/** What is reported of work that was due, and could not be measured. */
export function unmeasured(work: Work, now: number, detail: string): readonly Measured[] {
  const trouble = unknown(detail);
  return entriesOf(work).map((entry) => measured(entry, { trouble }, { startedAt: now, endedAt: now }, trouble));
}

async function measureSolo(entry: SoloEntry, parts: MeasuringParts): Promise<Measured> {
  const startedAt = parts.clock.now();
  const found = find(entry, parts);
  const result = 'trouble' in found ? found.trouble : await probe(entry, found.target, parts.probes);
  return measured(entry, found, { startedAt, endedAt: parts.clock.now() }, result);
}

async function probe({ check }: SoloEntry, target: MonitorTarget, probes: Probes): Promise<ProbeResult> {
  try {
    return await (check.type === 'playbook' ? probes.playbook(check, target) : probes.measure(check, target));
  } catch (error) {
    return unknown(textOf(error));
  }
}

async function measureRound(
  entries: readonly PingEntry[],
  timeoutMs: number,
  parts: MeasuringParts,
): Promise<readonly Measured[]> {
  const startedAt = parts.clock.now();
  const founds = entries.map((entry) => [entry, find(entry, parts)] as const);
  const addresses = new Set(founds.flatMap(([, found]) => addressOf(found) ?? []));
  const answer = await pingAll(parts.probes, [...addresses], timeoutMs);
  const times = { startedAt, endedAt: parts.clock.now() };
  return founds.map(([entry, found]) => {
    const result = 'trouble' in found ? found.trouble : resultIn(answer, found.target.address);
    return measured(entry, found, times, result);
  });
}

/** What each address answered, or what is true of all. */
type Answer = ReadonlyMap<string, ProbeResult> | ProbeResult;

async function pingAll(probes: Probes, addresses: readonly string[], timeoutMs: number): Promise<Answer> {
  if (addresses.length === 0) return new Map();
  try {
    return await probes.pingAll(addresses, { timeoutMs });
  } catch (error) {
    return unknown(textOf(error));
  }
}

function resultIn(answer: Answer, address: string | undefined): ProbeResult {
  if (address === undefined) return noAddress;
  if ('status' in answer) return answer;
  return answer.get(address) ?? unknown('the round of pings says nothing about it');
}

/** Where the node is, or why nobody could tell. */
type Found = { readonly target: MonitorTarget } | { readonly trouble: ProbeResult };

function find({ node }: PlanEntry, parts: MeasuringParts): Found {
  try {
    return { target: parts.target(node) };
  } catch (error) {
    return { trouble: unknown(textOf(error)) };
  }
}

function addressOf(found: Found): string | undefined {
  return 'trouble' in found ? undefined : found.target.address;
}

/** When it was measured, in monotonic milliseconds. */
type Times = Pick<Measurement, 'startedAt' | 'endedAt'>;

function measured(entry: PlanEntry, found: Found, times: Times, result: ProbeResult): Measured {
  const subject = 'trouble' in found ? null : found.target.subject;
  return { entry, measurement: { node: entry.node, check: entry.name, subject, ...times, result } };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

function unknown(detail: string): ProbeResult {
  return { status: 'unknown', latencyMs: null, detail };
}
