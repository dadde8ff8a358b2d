import { z } from 'zod';
import type { Timeline } from '../ansible/timeline.ts';

const time = z.iso.datetime().transform((text) => Date.parse(text));

/** What is needed here of what `GET /v1/runs/ID` tells. */
const toldRun = z.object({
  tasks: z.array(
    z.object({
      step: z.string(),
      name: z.string(),
      started_at: time,
      ended_at: time.nullable(),
      outcome: z.enum(['ok', 'changed', 'skipped', 'ignored', 'rescued', 'failed', 'unreachable']).nullable(),
      failed_hosts: z.array(z.string()),
      retries: z.int(),
      message: z.string().nullable(),
    }),
  ),
});

/** The tasks of a run as its controller tells them. Throws what is wrong with an answer that is none. */
export function toldTimeline(run: unknown): Timeline {
  const tasks = toldRun.parse(run).tasks.map((task, index) => ({
    id: String(index),
    step: task.step,
    name: task.name,
    startedMs: task.started_at,
    answeredMs: null,
    endedMs: task.ended_at,
    outcome: task.outcome,
    waitingFor: [],
    failedHosts: task.failed_hosts,
    message: task.message,
    retries: task.retries,
    items: 0,
  }));
  return { tasks, isComplete: false };
}
