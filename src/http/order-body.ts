import { z } from 'zod';
import { duration } from '../config/values.ts';
import { orderTriggers } from '../pool/order.ts';

/* What the bodies of orders hold. All of it may be left out, and so may the body. */

const yearMs = 366 * 24 * 3_600_000;
const line = (max: number) =>
  z
    .string()
    .max(max)
    .transform((text) => text.replace(/\p{Cc}/gu, ' ').trim());

const reason = line(1000).prefault('').describe('Why, for the record.');
const by = line(100).optional().describe('Who; proves nothing.');
const local = z.boolean().prefault(false).describe('This controller alone; else every controller of the pool.');
const confirm = z.string().max(100).optional().describe("The node's name again.");
const trigger = z.enum(orderTriggers).prefault('api').describe('`monit`: Monit orders it, which is no approval.');

/** Of an order that has nothing but its giver. */
export const plainBody = z.strictObject({ reason, by }).prefault({});
/** Of a rebuild. */
export const rebuildBody = z
  .strictObject({
    reason,
    by,
    confirm,
    trigger,
    force: z.array(z.string().max(100)).max(50).prefault([]).describe('Gates to override.'),
    dry_run: z.boolean().prefault(false).describe('Look and judge, change nothing.'),
    judged: z
      .string()
      .max(200)
      .regex(/^[^/]+\/[^/]+$/, 'expected MOID/INSTANCE-UUID')
      .optional()
      .describe('The VM that it is about.'),
  })
  .prefault({});
/** Of a restore. */
export const restoreBody = z.strictObject({ reason, by, confirm, trigger }).prefault({});
/** Of a pause. */
export const pauseBody = z
  .strictObject({
    reason,
    by,
    local,
    for: duration
      .refine((ms) => ms > 0 && ms <= yearMs, 'expected a time within a year')
      .optional()
      .describe('How long, such as 30m; else until it is resumed.'),
  })
  .prefault({});
/** Of a resume. */
export const resumeBody = z.strictObject({ reason, by, local }).prefault({});
