import { z } from 'zod';
import type { ImageReport } from '../../pool/image-versions.ts';
import { reportStates, type NodeReport, type Observation, type PoolReport } from '../../pool/report.ts';

/* The shapes of what the API tells of the pool, held equal to src/pool/report.ts by the compiler. Times are ISO UTC. */

const time = z.iso.datetime();
const verdict = z.enum(['healthy', 'unhealthy', 'unknown']);

const checkReport = z.object({
  name: z.string(),
  type: z.string(),
  on_failure: z.string(),
  verdict,
  failures: z.int().describe('Failures in a row.'),
  of: z.int().describe('So many make it unhealthy.'),
  last: z
    .object({
      status: z.enum(['ok', 'failed', 'unknown']),
      at: time,
      latency_ms: z.number().nullable(),
      detail: z.string(),
    })
    .nullable()
    .describe('The newest result; null before the first measurement.'),
});

const faultReport = z.object({
  opened_at: time,
  attempts: z.int().describe('Rebuilds within the stability window.'),
  checks: z.array(z.string()),
  run: z.string().nullable(),
});

/** What a gate said. */
export const gateReport = z.object({
  gate: z.string(),
  holds: z.boolean(),
  message: z.string(),
  facts: z.record(z.string(), z.unknown()),
});

const lastRunReport = z.object({
  id: z.string(),
  kind: z.string(),
  state: z.string(),
  outcome: z.string().nullable(),
  class: z.string().nullable(),
  gate: z.string().nullable(),
  step: z.string().nullable(),
  started_at: time,
  ended_at: time.nullable(),
});

/** All that a controller tells of one node. */
export const nodeReportShape: z.ZodType<NodeReport> = z.object({
  name: z.string(),
  state: z.enum(reportStates),
  why: z.string().describe('One line, for people.'),
  since: time.nullable(),
  address: z.string().nullable(),
  address_seen_at: time.nullable(),
  moid: z.string().nullable(),
  instance_uuid: z.string().nullable(),
  power: z.string().nullable(),
  connection: z.string().nullable(),
  heartbeat: z.string().nullable(),
  certified: z.boolean(),
  paused: z.boolean(),
  checks: z.array(checkReport),
  fault: faultReport.nullable(),
  holds: z.array(z.object({ gate: z.string(), message: z.string() })),
  gates: z.array(gateReport).describe('What every gate said when they were last asked.'),
  decided_at: time.nullable(),
  last_run: lastRunReport.nullable(),
});

const imageFields = {
  version: z.string().nullable().describe('Of its manifest, or of its OVF where there is none.'),
  made_at: time.nullable().describe('The time of its OVF: the greatest is the newest image.'),
  problem: z.string().nullable().describe('Why nothing can be built from it.'),
};

/** The image that a controller carries. */
export const imageShape: z.ZodType<ImageReport> = z.object(imageFields);

/** The pool, as one controller sees it. */
export const poolReportShape: z.ZodType<PoolReport> = z.object({
  pool: z.string(),
  at: time,
  healthy: z.boolean().describe('Every node is healthy.'),
  controller: z.object({
    name: z.string(),
    node: z.string().nullable().describe('The node that it runs on; null on an admin host.'),
    version: z.string(),
    started_at: time,
  }),
  pauses: z.array(
    z.object({
      scope: z.string().describe('`pool` or `node/NAME`.'),
      until: time.nullable(),
      reason: z.string(),
      by: z.string(),
      at: time,
    }),
  ),
  discovery: z.object({ ok: z.boolean(), at: time.nullable(), error: z.string().nullable() }),
  membership: z.object({ version: z.int(), by: z.string().nullable(), conflict: z.string().nullable() }),
  mode: z.enum(['act', 'dry-run', 'approve']),
  budget: z.object({
    in_use: z.int().describe('Rebuilds under way, in the whole pool.'),
    max: z.int(),
    per_hour: z.object({ used: z.int(), max: z.int() }),
  }),
  storm: z.object({ since: time, reason: z.string() }).nullable().describe('The storm brake, when it is tripped.'),
  nodes: z.array(nodeReportShape),
  images: z
    .array(z.object({ ...imageFields, controllers: z.array(z.string()), newest: z.boolean() }))
    .describe('Which controllers carry which image, the newest first; those that did not tell are missing.'),
  host_checks: z.array(checkReport).describe("Checks of the controller's own machine."),
});

/** The list of nodes. */
export const nodesShape = z.object({ pool: z.string(), at: time, nodes: z.array(nodeReportShape) });

/** What a controller has seen of a node by itself. */
export const observationShape: z.ZodType<Observation> = z.object({
  controller: z.string().describe('Who tells.'),
  node: z.string(),
  vm: z.object({ moid: z.string(), instance_uuid: z.string() }).nullable(),
  verdict,
  age_ms: z.number().nullable(),
  trusted: z.boolean(),
  holds: z
    .array(z.object({ gate: z.string(), message: z.string() }))
    .describe('What keeps this controller from rebuilding the node, and is meant for the whole pool.'),
  checks: z.array(
    z.object({ name: z.string(), verdict, failures: z.int(), of: z.int(), age_ms: z.number().nullable() }),
  ),
});
