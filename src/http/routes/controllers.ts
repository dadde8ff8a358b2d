import { z } from 'zod';
import type { ControllerReply } from '../../peers/all-controllers.ts';
import type { PoolReport } from '../../pool/report.ts';
import type { ControllerView } from '../controller-view.ts';
import { jsonEntity, type Entity } from '../entity.ts';
import { madeJson, openRoute, plainGet, type Route } from '../route.ts';
import { poolReportShape } from '../shapes/pool.ts';

/** However many read the page, the others are asked so often at most. */
const keptMs = 3_000;

const controllersShape = z.object({
  at: z.iso.datetime(),
  controllers: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean().describe('Whether it answered.'),
      error: z.string().nullable().describe('Why it did not.'),
      report: poolReportShape.nullable().describe('The pool, as it sees it.'),
    }),
  ),
});

type ControllerEntry = z.output<typeof controllersShape>['controllers'][number];

/** The pool as each of its controllers sees it. */
export function controllerRoutes(view: ControllerView): readonly Route[] {
  const entity = keptFor(keptMs, async () => everybody(view));
  return [
    openRoute({
      ...plainGet,
      path: '/v1/controllers',
      summary: 'The pool, as each of its controllers sees it, and which of them do not answer.',
      content: { 'application/json': controllersShape },
      answer: async () => madeJson(await entity()),
    }),
  ];
}

async function everybody(view: ControllerView): Promise<Entity> {
  return jsonEntity({ at: view.report().at, controllers: await controllerEntries(view) });
}

/** This controller and all others: what each tells, or why it tells nothing. */
export async function controllerEntries(view: ControllerView): Promise<readonly ControllerEntry[]> {
  const replies = await view.askControllers();
  const report = view.report();
  const own: ControllerEntry = { name: report.controller.name, ok: true, error: null, report };
  return [own, ...replies.map((reply) => entryOf(reply, report.pool))];
}

function entryOf({ name, reply }: ControllerReply, pool: string): ControllerEntry {
  switch (reply.kind) {
    case 'answered': {
      const report = reportIn(reply.text);
      if (report === undefined) return silent(name, 'what it answers is no report of this version');
      return report.pool === pool ? { name, ok: true, error: null, report } : silent(name, 'it is of another pool');
    }
    case 'refused':
      return silent(name, `it refuses with HTTP ${reply.status}`);
    case 'silent':
    case 'bad':
      return silent(name, reply.reason);
  }
}

function silent(name: string, error: string): ControllerEntry {
  return { name, ok: false, error, report: null };
}

function reportIn(text: string): PoolReport | undefined {
  try {
    return poolReportShape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Makes it once for all that ask while it is made, and for so long after. A failure is not kept. */
export function keptFor<T>(ms: number, make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  let until = Infinity;
  return async () => {
    if (made !== undefined && performance.now() < until) return made;
    until = Infinity;
    made = make();
    try {
      return await made;
    } catch (error) {
      made = undefined;
      throw error;
    } finally {
      until = performance.now() + ms;
    }
  };
}
