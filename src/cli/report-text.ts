import { imageDifferences, imageName } from '../pool/image-versions.ts';
import type { ControllerReport, NodeReport, PoolReport } from '../pool/report.ts';
import type { Look } from './look.ts';
import { failingFirst, nodeTable } from './node-table.ts';
import type { Style } from './output.ts';
import { pauseText, scopeText } from './pause-text.ts';
import { inert, wrap } from './terminal-text.ts';
import { ago, duration, withLocalTimes } from './when.ts';

/** The pool, told by a controller, or by the journal and vCenter where none runs: without a controller then. */
export interface StatusReport extends Omit<PoolReport, 'controller'> {
  readonly controller: ControllerReport | null;
}

/**
 * What people read of a pool that a controller reports: the verdict and what stands in the way, a table, then who tells it and what to
 * type next. Ends with a newline.
 */
export function reportText(report: StatusReport, look: Look): string {
  const { style, columns } = look;
  const room = columns ?? Number.POSITIVE_INFINITY;
  return [
    ...headLines(report).flatMap(([colour, text]) => wrap(text, room).map(style[colour])),
    '',
    nodeTable(report, look).trimEnd(),
    '',
    ...wrap(tellerText(report), room).map(style.dim),
    ...nextStep(report, style),
    '',
  ].join('\n');
}

/** `2 of 3 nodes of web healthy; webbox3 is held`. */
function verdictText({ pool, nodes }: StatusReport): string {
  const healthy = nodes.filter(({ state }) => state === 'healthy').length;
  const failing = failingFirst(nodes).slice(0, nodes.length - healthy);
  const named = failing.slice(0, 3).map(({ name, state }) => `; ${inert(name)} is ${inert(state)}`);
  const more = failing.length > named.length ? [`; and ${failing.length - named.length} more`] : [];
  return [`${healthy} of ${nodes.length} nodes of ${inert(pool)} healthy`, ...named, ...more].join('');
}

function verdictColour({ healthy, nodes }: StatusReport): 'green' | 'yellow' | 'red' {
  if (healthy) return 'green';
  return nodes.some(({ state }) => state === 'faulted' || state === 'exhausted') ? 'red' : 'yellow';
}

type HeadLine = readonly [colour: 'green' | 'yellow' | 'red', text: string];

/** The verdict, and below it what holds or blinds the pool as a whole. */
function headLines(report: StatusReport): readonly HeadLine[] {
  const { pauses, discovery, membership, host_checks: hostChecks } = report;
  return [
    [verdictColour(report), verdictText(report)],
    ...pauses.map((pause): HeadLine => ['yellow', `paused: ${inert(scopeText(pause.scope))} ${pauseText(pause)}`]),
    ...(discovery.ok || discovery.error === null
      ? []
      : [['yellow', `vCenter cannot be read: ${inert(discovery.error)}`] satisfies HeadLine]),
    ...(membership.conflict === null
      ? []
      : [['red', `membership conflict: ${inert(membership.conflict)}`] satisfies HeadLine]),
    ...modeLine(report),
    ...stormLine(report),
    ...hostCheckLines(hostChecks),
    ...imageLines(report),
  ];
}

/** Checks of the controller's own machine are shown when they fail. Older controllers tell of none. */
function hostCheckLines(checks: PoolReport['host_checks'] | undefined): readonly HeadLine[] {
  return (checks ?? [])
    .filter(({ failures, verdict }) => failures > 0 || verdict === 'unhealthy')
    .map(({ name, failures, of, verdict, last }): HeadLine => {
      const text = `own machine: ${inert(name)} ${failures}/${of}: ${inert(last?.detail ?? 'not measured yet')}`;
      return [verdict === 'unhealthy' ? 'red' : 'yellow', text];
    });
}

/** Controllers of an earlier version tell of none. */
function imageLines({ images }: Partial<StatusReport>): readonly HeadLine[] {
  return imageDifferences(images ?? []).map((line): HeadLine => ['yellow', inert(withLocalTimes(line))]);
}

/** The image that all carry, whoever told. */
function imageText({ images = [] }: Partial<StatusReport>): string {
  const [image, ...others] = images;
  return image === undefined || others.length > 0 ? '' : `; image ${inert(withLocalTimes(imageName(image)))}`;
}

function tellerText(report: StatusReport): string {
  const { at, discovery, controller } = report;
  const nowMs = Date.parse(at);
  const seen = discovery.at === null ? 'vCenter was not read yet' : `vCenter read ${ago(discovery.at, nowMs)}`;
  if (controller === null) return `${seen}; no controller runs here: this is what the journal knows`;
  const upMs = nowMs - Date.parse(controller.started_at);
  return `${seen}; controller ${inert(controller.name)}, version ${inert(controller.version)}, up ${duration(upMs)}${imageText(report)}`;
}

/** What to type to know more of the first node that is not healthy. Gates are known to a running controller alone. */
function nextStep({ nodes, controller }: StatusReport, style: Style): readonly string[] {
  const node: NodeReport | undefined = failingFirst(nodes)[0];
  if (node === undefined || node.state === 'healthy') return [];
  const run = node.fault?.run ?? null;
  return [
    ...(run === null ? [] : [style.dim(`The rebuild, live: regrow logs -f ${inert(run)}`)]),
    style.dim(
      controller === null
        ? `Its checks, measured now: regrow probe node ${inert(node.name)}`
        : `Every gate and check: regrow explain ${inert(node.name)}`,
    ),
  ];
}

/** A controller of an older version tells nothing of its mode. */
function modeLine({ mode }: Partial<StatusReport>): readonly HeadLine[] {
  if (mode === undefined || mode === 'act') return [];
  const words = {
    approve: 'mode approve: every rebuild waits for regrow approve',
    'dry-run': 'mode dry-run: nothing is done, only told',
  } as const;
  return [['yellow', words[mode]]];
}

function stormLine({ storm, at = '' }: Partial<StatusReport>): readonly HeadLine[] {
  if (storm === undefined || storm === null) return [];
  const since = ago(storm.since, Date.parse(at));
  return [
    ['red', `storm brake tripped ${since}: ${inert(storm.reason)}; nothing is rebuilt by itself before regrow resume`],
  ];
}
