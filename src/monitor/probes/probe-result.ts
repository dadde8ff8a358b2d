/**
 * One measurement. `failed` is evidence against the node. `unknown` is trouble of the observer itself (no address, a tool
 * is missing, no more file handles, no route, no name service): it says nothing about the node, and never counts
 * against it.
 */
export type ProbeResult =
  | { readonly status: 'ok'; readonly latencyMs: number; readonly detail: string }
  | { readonly status: 'failed'; readonly latencyMs: number; readonly detail: string }
  | { readonly status: 'unknown'; readonly latencyMs: number | null; readonly detail: string };

/** The node that is measured. Without an address most probes are unknown. */
export interface ProbeTarget {
  readonly name: string;
  readonly address: string | undefined;
}

/** Codes of system errors that the observer is to blame for, not the node. */
const observerErrors = new Set([
  'EACCES',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EAGAIN',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_MEMORY',
  'EAI_NODATA',
  'EINVAL',
  'EMFILE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'ENOTFOUND',
  'EPERM',
]);

/** The result that a system error while connecting means. */
export function resultOfError(error: unknown, latencyMs: number): ProbeResult {
  const code = codeOf(error);
  const detail = error instanceof Error && error.message !== '' ? error.message : code;
  return observerErrors.has(code) ? { status: 'unknown', latencyMs, detail } : { status: 'failed', latencyMs, detail };
}

/** The code of a system error, or of the first one in a group of them (a name with several addresses). */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'unknown error';
}

/** The result when nobody knows where the node is. */
export const noAddress: ProbeResult = { status: 'unknown', latencyMs: null, detail: 'no address is known' };

/** A stopwatch on the monotonic clock: whole milliseconds since it was started. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => Math.round(performance.now() - start);
}
