import { setTimeout as delay } from 'node:timers/promises';
import { itemsOf, member } from '../config/document.ts';
import { RegrowError } from '../errors.ts';
import { exitCodes, failureClasses, outcomes } from '../pool/outcome.ts';
import type { RebuildResult } from '../remediation/conclude-rebuild.ts';
import type { CliContext } from './context.ts';
import { get } from './controller-client.ts';
import { liveProgress } from './live-progress.ts';
import { operatorName } from './operator.ts';
import { detailOf, notTaken, order, unknownThere, type Ordered, type OrderTarget } from './order-client.ts';
import type { Progress } from './progress.ts';
import { busy, tell, type RebuildOptions } from './rebuild.ts';
import { toldTimeline } from './told-timeline.ts';

/** Its gates ask other controllers, and probe the node. */
const decidesWithinMs = 120_000;
const pollMs = 500;
const pollWithinMs = 5_000;
/** A controller that is restarted meanwhile comes back; one that does not answer for so long is gone. */
const silentForMs = 60_000;

/** Orders a rebuild of a controller, and follows it there. */
export async function rebuildThere(
  context: CliContext,
  target: OrderTarget,
  node: string,
  options: RebuildOptions,
): Promise<number> {
  const { judged, reason = '', force = [], dryRun = false } = options;
  const body = {
    reason,
    by: options.fromMonit === true ? 'Monit' : operatorName(context.env),
    ...(options.fromMonit === true ? { trigger: 'monit' } : {}),
    force,
    dry_run: dryRun,
    confirm: node,
    ...(judged === undefined ? {} : { judged: `${judged.moid}/${judged.instanceUuid}` }),
  };
  const ordered = await order(target, `/v1/nodes/${node}/rebuild`, body, decidesWithinMs);
  const run = member(ordered.body, 'run');
  const status = member(ordered.body, 'status');
  if (ordered.status === 202 && status === 'ended') return tell(context, endedThere(node, ordered.body), options);
  if (ordered.status !== 202 || typeof run !== 'string') return refusedThere(context, node, ordered, options);
  if (status === 'awaiting_approval') {
    context.say(`A person has to approve it: regrow approve ${run} or regrow reject ${run}`);
    return answerRunning(context, run, node, status);
  }
  if (!options.wait) return answerRunning(context, run, node);
  const result = await follow(context, target, run, node);
  return result === undefined ? answerRunning(context, run, node) : tell(context, result, options);
}

/** Orders a restore of a controller, and leaves it to that one. */
export async function restoreThere(
  context: CliContext,
  target: OrderTarget,
  node: string,
  options: Pick<RebuildOptions, 'reason'>,
): Promise<number> {
  const body = { reason: options.reason ?? '', by: 'Monit', trigger: 'monit' };
  const ordered = await order(target, `/v1/nodes/${node}/restore`, body, decidesWithinMs);
  const run = member(ordered.body, 'run');
  if (ordered.status !== 202 || typeof run !== 'string') return refusedThere(context, node, ordered, {});
  return answerRunning(context, run, node);
}

async function answerRunning(context: CliContext, run: string, node: string, state = 'running'): Promise<number> {
  await context.answer({ run, node, state }, () => `${run}\n`);
  return exitCodes.done;
}

async function refusedThere(
  context: CliContext,
  node: string,
  ordered: Ordered,
  options: Pick<RebuildOptions, 'dryRun'>,
): Promise<number> {
  const message = detailOf(ordered);
  const gate = member(ordered.body, 'gate');
  if (ordered.status === 404) throw unknownThere(ordered, { node });
  if (ordered.status === 409) {
    const holder = member(ordered.body, 'facts');
    if (typeof member(holder, 'run') === 'string' && typeof holder === 'object' && holder !== null)
      return busy(context, holder);
    throw new RegrowError('SLOT_BUSY', message, {
      facts: { node },
      remedy: 'Wait until that is over (regrow status shows it), then order it again.',
    });
  }
  if (ordered.status !== 422 || typeof gate !== 'string') throw notTaken(ordered, { node });
  const run = runIn(ordered.body);
  const where = run === null ? `regrow explain ${node}` : `regrow show ${run}`;
  const remedy = `${where} shows every gate; --force ${gate} overrides it where that is possible.`;
  return tell(context, { ...blank(node, run), outcome: 'refused', gate, step: 'gates', message, remedy }, options);
}

/** What the controller found when there was nothing to do. */
function endedThere(node: string, body: unknown): RebuildResult {
  const outcome = outcomes.find((each) => each === member(body, 'outcome')) ?? 'failed';
  const said = member(body, 'message');
  const message = typeof said === 'string' ? said : outcome;
  return { ...blank(node, runIn(body)), outcome, step: 'gates', message };
}

function runIn(body: unknown): string | null {
  const run = member(body, 'run');
  return typeof run === 'string' ? run : null;
}

/** Its result; undefined when the user left it with Ctrl-C: it goes on. */
async function follow(
  context: CliContext,
  target: OrderTarget,
  run: string,
  node: string,
): Promise<RebuildResult | undefined> {
  const { url } = target;
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  process.once('SIGINT', leave);
  const progress = liveProgress(context);
  let after = 0;
  let heardAt = performance.now();
  try {
    while (!leaving.signal.aborted) {
      for (const event of (await eventsOf(target, run, after).catch(() => undefined)) ?? []) {
        heardAt = performance.now();
        after = Number(member(event, 'id'));
        const type = String(member(event, 'type'));
        const data = member(event, 'data');
        const outcome = outcomes.find((each) => type === `rebuild.${each}`);
        if (outcome === undefined) continue;
        await showTasks(progress, target, run);
        return resultIn(node, run, outcome, data);
      }
      await showTasks(progress, target, run);
      if (performance.now() - heardAt > silentForMs && !(await isThere(target)))
        throw new RegrowError(
          'CONTROLLER_UNREACHABLE',
          `The controller at ${url} answers no more; run ${run} may go on.`,
          {
            facts: { url, run },
            remedy: `On that machine: regrow logs -f ${run}`,
          },
        );
      await delay(pollMs, undefined, { signal: leaving.signal }).catch(() => undefined);
    }
    progress.end();
    context.say(`The rebuild goes on. Follow it there with: regrow logs -f ${run}`);
    return undefined;
  } finally {
    progress.end();
    process.removeListener('SIGINT', leave);
  }
}

/** What cannot be read now is shown a moment later. */
async function showTasks(progress: Progress, { url, ca }: OrderTarget, run: string): Promise<void> {
  try {
    const text = await get(`${url}/v1/runs/${run}`, AbortSignal.timeout(pollWithinMs), ca);
    progress.show(toldTimeline(JSON.parse(text)));
  } catch {
    // The outcome is told by the events.
  }
}

async function eventsOf({ url, ca }: OrderTarget, run: string, after: number): Promise<readonly unknown[]> {
  const text = await get(`${url}/v1/events?run=${run}&after=${after}`, AbortSignal.timeout(pollWithinMs), ca);
  return itemsOf(member(JSON.parse(text), 'events'));
}

async function isThere({ url, ca }: OrderTarget): Promise<boolean> {
  return get(`${url}/healthz`, AbortSignal.timeout(pollWithinMs), ca).then(
    () => true,
    () => false,
  );
}

function resultIn(node: string, run: string, outcome: RebuildResult['outcome'], data: unknown): RebuildResult {
  const text = (key: string): string | null => {
    const value = member(data, key);
    return typeof value === 'string' ? value : null;
  };
  return {
    ...blank(node, run),
    outcome,
    gate: text('gate'),
    class: failureClasses.find((each) => each === text('class')) ?? null,
    step: text('step'),
    message: text('message') ?? outcome,
    remedy: text('remedy'),
    address: text('address'),
    fenced: member(data, 'fenced') === true,
  };
}

function blank(node: string, run: string | null): Omit<RebuildResult, 'outcome'> {
  return {
    run,
    node,
    gate: null,
    class: null,
    step: null,
    message: '',
    remedy: null,
    address: null,
    fenced: false,
    pending: null,
  };
}
