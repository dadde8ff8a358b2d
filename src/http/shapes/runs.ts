import { z } from 'zod';
import { reportedPhases, type RunDetail, type RunList, type RunReport } from '../../pool/run-report.ts';
import { gateReport } from './pool.ts';

/* The shapes of what the API tells of runs, held equal to src/pool/run-report.ts by the compiler. Times are ISO UTC. */

const time = z.iso.datetime();
const vm = z.object({ moid: z.string(), instance_uuid: z.string() });

const run = z.object({
  id: z.string(),
  node: z.string().nullable().describe('Null when it is about the whole pool.'),
  kind: z.string(),
  state: z.string().describe('`intent`, `running` or `done`.'),
  outcome: z.string().nullable().describe('Null while it goes on.'),
  class: z.string().nullable().describe('Why it failed.'),
  gate: z.string().nullable().describe('What refused it.'),
  step: z.string().nullable().describe('The last step that was begun, or the one that failed.'),
  vm: vm.nullable().describe('The VM that it made.'),
  by: z.string().describe('Who asked for it.'),
  reason: z.string().nullable(),
  started_at: time,
  ended_at: time.nullable(),
});

const task = z.object({
  step: z.string(),
  name: z.string(),
  started_at: time,
  ended_at: time.nullable(),
  outcome: z.enum(['ok', 'changed', 'skipped', 'ignored', 'rescued', 'failed', 'unreachable']).nullable(),
  failed_hosts: z.array(z.string()),
  retries: z.int(),
  message: z.string().nullable(),
});

/** One run. */
const runReportShape: z.ZodType<RunReport> = run;

/** Runs, newest first. */
export const runsShape: z.ZodType<RunList> = z.object({
  runs: z.array(runReportShape),
  next: z.string().nullable().describe('`before` of the next request; null when there are no older ones.'),
});

/** One run with all that is known of it. */
export const runDetailShape: z.ZodType<RunDetail> = run.extend({
  builder: z.string().describe('The controller that does it.'),
  forced: z.boolean().describe('Whether a person overrode gates by name.'),
  incident: z.string().nullable().describe('Under which name its claims and decisions are in vCenter.'),
  generation: z.int().nullable().describe('The number of this attempt at the incident.'),
  message: z.string().nullable(),
  remedy: z.string().nullable(),
  address: z.string().nullable(),
  old_vm: vm.nullable().describe('The VM that was judged failed.'),
  phases: z.array(z.object({ name: z.enum(reportedPhases), at: time.nullable() })),
  tasks: z.array(task),
  decision: z.object({ at: time, gates: z.array(gateReport) }).nullable(),
});
