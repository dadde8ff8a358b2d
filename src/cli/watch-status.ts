import { setTimeout as delay } from 'node:timers/promises';
import { exitCodes } from '../pool/outcome.ts';
import type { PoolReport } from '../pool/report.ts';
import type { CliContext } from './context.ts';
import { unreachable, type Asker } from './controller-client.ts';
import { journalStatus } from './journal-status.ts';
import { lookOf } from './look.ts';
import { reportText } from './report-text.ts';
import { canAnimate } from './terminal.ts';
import { watch, type Frame } from './watch.ts';
import { clockTime } from './when.ts';

const lookAgainMs = 2_000;
const leavingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Shows the pool until Ctrl-C. A controller that stops answering is shown as it last was, and asked on. */
export async function watchStatus(context: CliContext, ask: Asker, server: string | undefined): Promise<number> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  for (const signal of leavingSignals) process.once(signal, leave);
  const { signal } = leaving;
  try {
    await watch({
      read: statusFrames(context, (): ReturnType<Asker> => ask(signal), server),
      stream: context.stdout,
      isAnimated: canAnimate(context.isTTY.stdout, context.env),
      wait: () => untilNextLook(signal),
      signal,
    });
  } finally {
    for (const each of leavingSignals) process.removeListener(each, leave);
  }
  return exitCodes.done;
}

/** Some time, or a terminal of another size. */
async function untilNextLook(signal: AbortSignal): Promise<void> {
  const resized = new AbortController();
  const lookAgain = (): void => resized.abort();
  process.once('SIGWINCH', lookAgain);
  try {
    await delay(lookAgainMs, undefined, { signal: AbortSignal.any([signal, resized.signal]) });
  } catch {
    // It ends, or is to be drawn anew.
  } finally {
    process.removeListener('SIGWINCH', lookAgain);
  }
}

/** What is to be shown, one look after the other. Throws CONTROLLER_UNREACHABLE when `--server` does not answer the first time. */
function statusFrames(context: CliContext, ask: Asker, server: string | undefined): () => Promise<Frame> {
  let last: PoolReport | undefined;
  let silentSince: number | undefined;
  return async () => {
    const asked = await ask();
    if (asked.kind === 'report') {
      last = asked.report;
      silentSince = undefined;
      return { text: reportText(last, lookOf(context)), mark: markOf(last) };
    }
    if (last === undefined && server !== undefined) throw unreachable(server, asked.reason);
    if (last === undefined) return journalFrame(context);
    silentSince ??= Date.now();
    const silence = `The controller does not answer since ${clockTime(silentSince)}: ${asked.reason}`;
    return {
      text: `${reportText(last, lookOf(context))}${context.style.red(silence)}\n`,
      mark: `${markOf(last)} silent`,
    };
  };
}

/** Where no controller runs nothing changes but the journal: by a rebuild of this machine, or a reading. */
async function journalFrame(context: CliContext): Promise<Frame> {
  const report = await journalStatus(context, undefined);
  const { at: _, ...rest } = report;
  return { text: reportText(report, lookOf(context)), mark: JSON.stringify(rest) };
}

/** A report without what changes at every look: times, and the results of checks that say the same. */
function markOf({ pool, pauses, discovery, membership, nodes }: PoolReport): string {
  const lasting = nodes.map(({ name, state, why, address, moid, paused, checks }) => {
    const failures = checks.map((check) => check.failures);
    return { name, state, why, address, moid, paused, failures };
  });
  return JSON.stringify({ pool, pauses, discovery: discovery.ok, conflict: membership.conflict, lasting });
}
