import type { ProbeResult, ProbeTarget } from './probes/probe-result.ts';

/** What one measurement of a check said. */
export interface Measurement {
  readonly node: string;
  /** The check's name. */
  readonly check: string;
  /** The VM (instance uuid) that the target had when the measurement began; null when none was known. */
  readonly subject: string | null;
  /** Monotonic milliseconds, as `endedAt`. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly result: ProbeResult;
}

/** A node as it is known at one moment: where it is, and which VM that is. */
export interface MonitorTarget extends ProbeTarget {
  /** The VM's instance uuid; null when none is known. */
  readonly subject: string | null;
}
