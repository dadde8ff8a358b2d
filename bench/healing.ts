import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, type Lab, type Operation } from '../test/lab/lab.ts';

/** The article's thresholds. */
export const thresholds = { cycleSeconds: 20, timeoutSeconds: 15, failures: 3 } as const;

/** From the kill to the certified replacement, in order. `retire` comes after the note. */
export const phases = ['detect', 'decide', 'fence', 'deploy', 'boot', 'load', 'verify', 'certify', 'retire'] as const;
export type Phase = (typeof phases)[number];

/** When each phase ended, in epoch milliseconds. A phase that there is not is left out. */
export interface Healing {
  readonly killedAt: number;
  readonly ends: Readonly<Partial<Record<Phase, number>>>;
}

/** How many seconds each phase took; it begins where the one before it ended. */
export function secondsOf({ killedAt, ends }: Healing): Readonly<Partial<Record<Phase, number>>> {
  let before = killedAt;
  const seconds: Partial<Record<Phase, number>> = {};
  for (const phase of phases) {
    const end = ends[phase];
    if (end === undefined) continue;
    seconds[phase] = (end - before) / 1000;
    before = end;
  }
  return seconds;
}

/** From the kill to the certifying note. */
export function totalSeconds({ killedAt, ends }: Healing): number {
  return ((ends.certify ?? Number.NaN) - killedAt) / 1000;
}

/** Kills the node half a cycle after the measurement that `lastMeasured` tells of (epoch milliseconds). */
export async function killHalfACycleAfter(
  lab: Lab,
  node: string,
  lastMeasured: () => Promise<number | undefined>,
): Promise<number> {
  const first = await lastMeasured();
  const next = await eventually('the next round', thresholds.cycleSeconds * 3000, async () => {
    const at = await lastMeasured();
    if (at === undefined || at === first) await sleep(250);
    return at === first ? undefined : at;
  });
  await sleep(Math.max(0, next + (thresholds.cycleSeconds * 1000) / 2 - Date.now()));
  const killedAt = Date.now();
  await lab.kill(node);
  return killedAt;
}

/** What an operation must be to end a phase. */
export type Wanted = (operation: Operation) => boolean;

/** Waits until vCenter's record, without its first lines, has such an operation; when that was. Reads files only: what waits costs little. */
export async function untilRecorded(lab: Lab, skip: number, what: string, wanted: Wanted): Promise<number> {
  return eventually(what, 600_000, async () => {
    const found = lab.operations().slice(skip).find(wanted);
    if (found === undefined) await sleep(500);
    return found === undefined ? undefined : Date.parse(found.time);
  });
}

/** An operation on a VM that succeeded. */
export function did(operation: string, moid: string): Wanted {
  return (each) => each.operation === operation && each.moid === moid && each.result === 'success';
}

/** The certifying note written on a VM that is not the old one. */
export function certified(old: string): Wanted {
  return ({ operation, result, moid, detail }) =>
    operation === 'reconfigure' &&
    result === 'success' &&
    moid !== old &&
    String(detail?.['annotation']).includes('regrow: certified');
}

/** The VM that was deployed since; the node's old one must be the only one that was powered off. */
export function freshMoid(lab: Lab, skip: number, old: string): string {
  const since = lab.operations().slice(skip);
  const off = since.filter(({ operation, moid }) => operation === 'power_off' && moid !== old);
  if (off.length > 0) throw new Error(`others were powered off, too: ${off.map(({ vm }) => vm).join(', ')}`);
  const deployed = since.filter(({ operation, result }) => operation === 'deploy' && result === 'success');
  const [first, ...others] = deployed;
  if (first === undefined || others.length > 0) throw new Error(`${deployed.length} VMs were deployed`);
  return first.moid;
}
