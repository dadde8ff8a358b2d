import { bootId } from '../ansible/process.ts';

/** This machine's monotonic clock, equal for all its processes, in milliseconds since the boot that `bootId` names. */
export function monotonicNow(): { readonly ms: number; readonly bootId: string } {
  return { ms: Number(process.hrtime.bigint() / 1_000_000n), bootId: bootId() };
}
