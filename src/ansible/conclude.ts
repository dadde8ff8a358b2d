import type { HostStats } from './event.ts';
import { toRecord } from './event.ts';
import type { RunEnd, RunEndKind } from './run-end.ts';
import type { FailedTask, RunRecord } from './run-record.ts';

/** Why we ended a run ourselves. */
export interface Stop {
  readonly by: 'deadline' | 'cancel';
  readonly reason: string;
}

/** Everything that tells how a run ended. */
export interface Traces {
  readonly record: RunRecord;
  readonly expectedHosts: readonly string[];
  /** Null when a signal ended the run or nobody saw it end. */
  readonly rc: number | null;
  readonly signal: string | null;
  /** The end of what ansible-playbook said, stderr included. */
  readonly output: string;
  readonly stop?: Stop | undefined;
}

/**
 * The verdict on a run, from its stats event, the hosts that were expected, exit code, signal and output together.
 * None of them is enough: exit code 0 also means that no host matched; 2 is a failed host or a bad option; 4 an
 * unreachable host or a parser error; and a run that was killed leaves no stats.
 */
export function concludeRun(traces: Traces): RunEnd {
  const verdict = traces.record.stats === undefined ? withoutStats(traces) : withStats(traces, traces.record.stats);
  const { failures } = traces.record;
  const failed = verdict.failed ?? undefined;
  return {
    kind: verdict.kind,
    message: verdict.message,
    rc: traces.rc,
    signal: traces.signal,
    stats: traces.record.stats ?? {},
    custom: regrowFacts(traces.record.custom),
    ...(failed === undefined ? {} : { failed }),
    failures,
  };
}

interface Verdict {
  readonly kind: RunEndKind;
  readonly message: string;
  readonly failed?: FailedTask | undefined;
}

/** The playbook came to its end: Ansible's own counters decide, and the exit code may only contradict. */
function withStats(traces: Traces, stats: Readonly<Record<string, HostStats>>): Verdict {
  const hosts = Object.entries(stats);
  const failedHosts = hosts.filter(([, count]) => count.failures > 0).map(([host]) => host);
  const unreachableHosts = hosts.filter(([, count]) => count.unreachable > 0).map(([host]) => host);
  if (failedHosts.length > 0) {
    const failed = rootFailure(traces.record.failures, failedHosts, false);
    return { kind: 'failed', message: failureMessage(failed, failedHosts, unreachableHosts), failed };
  }
  if (unreachableHosts.length > 0) {
    const failed = rootFailure(traces.record.failures, unreachableHosts, true);
    return { kind: 'unreachable', message: failureMessage(failed, [], unreachableHosts), failed };
  }
  if (hosts.length === 0) return { kind: 'nothing_ran', message: nothingRanMessage(traces) };
  if (traces.rc !== null && traces.rc !== 0) {
    const said = lastError(traces.output);
    const message = `Every host passed, yet ansible-playbook ended with exit code ${traces.rc}${said ? `: ${said}` : '.'}`;
    return { kind: 'unknown', message };
  }
  const notAttempted = traces.expectedHosts.filter((host) => stats[host] === undefined);
  if (notAttempted.length > 0) {
    return { kind: 'not_attempted', message: `Nothing was done on ${notAttempted.join(', ')}.` };
  }
  return { kind: 'ok', message: `Passed on ${hosts.map(([host]) => host).join(', ')}.` };
}

/** The playbook did not come to its end. */
function withoutStats(traces: Traces): Verdict {
  const { record, rc, signal, stop, output } = traces;
  const during = whileRunning(record);
  // What had failed for good before the end says more than where the end came.
  const failed = record.failures.findLast((failure) => failure.task.section === null) ?? record.failures.at(-1);
  if (stop !== undefined) {
    const kind = stop.by === 'deadline' ? 'timed_out' : 'cancelled';
    return { kind, message: `${stop.reason}${during}`, failed };
  }
  if (signal !== null) return { kind: 'interrupted', message: `Ended from outside by ${signal}${during}`, failed };
  if (rc === null) return { kind: 'interrupted', message: `It ended while no controller watched${during}`, failed };
  if (rc === 99) return { kind: 'interrupted', message: `Ended from outside by SIGINT${during}`, failed };
  if (isAnsibleMissing(rc, output)) {
    return { kind: 'missing', message: `ansible-playbook cannot run here: ${lastError(output) || `exit code ${rc}`}` };
  }
  if (rc === 0) {
    return { kind: 'unknown', message: 'ansible-playbook ended with exit code 0 and left no result.', failed };
  }
  if (record.lastTask === undefined) return { kind: 'nothing_ran', message: nothingRanMessage(traces) };
  const said = lastError(output) || `exit code ${rc}`;
  return { kind: 'failed', message: `Ansible broke down: ${said}${during}`, failed };
}

/**
 * The failure that decided: the last one on a host that ended failed, and if that one belongs to a rescue or always
 * section, the last one before that does not.
 */
function rootFailure(
  failures: readonly FailedTask[],
  hosts: readonly string[],
  isUnreachable: boolean,
): FailedTask | undefined {
  const own = failures.filter((failure) => hosts.includes(failure.host) && failure.isUnreachable === isUnreachable);
  // Of several hosts, the one that failed first: the others often fail because of it.
  const host = own[0]?.host;
  const ofHost = own.filter((failure) => failure.host === host);
  return ofHost.findLast((failure) => failure.task.section === null) ?? ofHost.at(-1);
}

function failureMessage(
  failed: FailedTask | undefined,
  failedHosts: readonly string[],
  unreachableHosts: readonly string[],
): string {
  const others = [...new Set([...failedHosts, ...unreachableHosts])].filter((host) => host !== failed?.host);
  const also = others.length === 0 ? '' : ` (${others.join(', ')}: failed too)`;
  if (failed === undefined) {
    const hosts = [...failedHosts, ...unreachableHosts].join(', ');
    return `${failedHosts.length > 0 ? 'A task failed' : 'No connection'} on ${hosts}.`;
  }
  const verb = failed.isUnreachable ? 'could not reach' : 'failed on';
  return `"${failed.task.name}" ${verb} ${failed.host}: ${oneLine(failed.message)}${also}`;
}

function whileRunning(record: RunRecord): string {
  const [first, ...more] = record.running;
  if (first === undefined) {
    return record.lastTask === undefined ? ', before the first task.' : `, after "${record.lastTask.name}" had begun.`;
  }
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return `, during "${first.task.name}" on ${first.host}${others}.`;
}

function nothingRanMessage(traces: Traces): string {
  const said = lastError(traces.output);
  if (said !== '') return `Nothing ran: ${said}`;
  const unmatched = /Could not match supplied host pattern, ignoring: *\n? *(\S+)/.exec(traces.output)?.[1];
  if (unmatched !== undefined) return `Nothing ran: no host matches "${unmatched}".`;
  if (traces.record.isNoHostMatched) return 'Nothing ran: no host of the inventory matched.';
  return 'Nothing ran: no task was left to do on any host.';
}

const errorLine = /^\s*(?:\[ERROR\]: |ERROR! |ERROR: |ansible-playbook: error: |[A-Za-z.]*(?:Error|Exception): )/;

/** The last thing that Ansible itself called an error, with the lines that explain it; '' when there is none. */
export function lastError(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const at = lines.findLastIndex((line) => errorLine.test(line));
  if (at === -1) return '';
  return oneLine(lines.slice(at, at + 5).join(' ')).replace(/^(?:\[ERROR\]: |ERROR! |ERROR: )/, '');
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 400 ? line : `${line.slice(0, 399)}…`;
}

/** The interpreter's or the shell's words for "there is no Ansible": no playbook was looked at. */
function isAnsibleMissing(rc: number, output: string): boolean {
  return rc === 126 || rc === 127 || /^ModuleNotFoundError: No module named '(?:ansible|jinja2|yaml)\b/m.test(output);
}

/** set_stats data of the playbook: aggregated under `_run`, or at the top. */
function regrowFacts(custom: Readonly<Record<string, unknown>>): unknown {
  return toRecord(custom._run)?.regrow ?? custom.regrow;
}
