import { spawn } from 'node:child_process';
import type { ControllerParts } from '../remediation/controller-parts.ts';
import type { RebuildResult } from '../remediation/conclude-rebuild.ts';
import type { StartedRebuild } from '../remediation/rebuild.ts';
import type { CliContext } from './context.ts';
import { liveProgress } from './live-progress.ts';

/** What came of following a run: its results, or that the user left it to go on by itself. */
export type Followed =
  { readonly kind: 'ended'; readonly results: readonly RebuildResult[] } | { readonly kind: 'detached' };

/** Ctrl-C, a terminal or ssh session that is gone, and the end of a service: none of them ends a run, or leaves it alone. */
const leavingSignals = ['SIGINT', 'SIGHUP', 'SIGTERM'] as const;

/** Shows a run live until it ends. The first Ctrl-C detaches: the run goes on, attended by a process of its own. */
export async function followRun(
  context: CliContext,
  parts: ControllerParts,
  started: StartedRebuild,
): Promise<Followed> {
  const progress = liveProgress(context);
  let leave: () => void = () => undefined;
  const left = new Promise<Followed>((resolve) => {
    leave = () => resolve({ kind: 'detached' });
  });
  for (const signal of leavingSignals) process.once(signal, leave);
  try {
    const ended = started
      .attend((event) => progress.event(event))
      .then((results): Followed => ({ kind: 'ended', results }));
    const followed = await Promise.race([ended, left]);
    // First of all: what is written next fails when the terminal is gone.
    if (followed.kind === 'detached') handOver(parts, started.run);
    progress.end();
    if (followed.kind === 'detached') {
      context.say(`The run goes on. Follow it with: regrow logs -f ${started.run}`);
    }
    return followed;
  } finally {
    for (const signal of leavingSignals) process.removeListener(signal, leave);
  }
}

/** Leaves a run to a process of its own, which takes it up as soon as this one has ended. */
export function handOver(parts: ControllerParts, run: string): void {
  const [program = process.execPath, ...args] = parts.command;
  spawn(program, [...args, 'attend', run], { detached: true, stdio: 'ignore' }).unref();
}
