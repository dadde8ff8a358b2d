import type { CliContext } from './context.ts';
import { createProgress, type Progress } from './progress.ts';
import { canAnimate, knowsUnicode } from './terminal.ts';

/** The progress of a run on stderr, as that stream allows. */
export function liveProgress(context: CliContext): Progress {
  return createProgress({
    stream: context.stderr,
    style: context.errorStyle,
    isAnimated: canAnimate(context.isTTY.stderr, context.env),
    isUnicode: knowsUnicode(context.env),
    now: () => Date.now(),
  });
}
