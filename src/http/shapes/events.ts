import { z } from 'zod';
import type { JournalEvent } from '../../store/events.ts';

/** Something that happened. */
const eventShape: z.ZodType<JournalEvent> = z.object({
  id: z.int(),
  at: z.iso.datetime(),
  run: z.string().nullable(),
  node: z.string().nullable(),
  type: z.string().describe('A dotted word, such as `fault.opened`.'),
  data: z.record(z.string(), z.unknown()),
});

/** Events, oldest first. */
export const eventsShape = z.object({
  events: z.array(eventShape),
  after: z.int().describe('`after` of the next request: a reader goes on there, whether events came or not.'),
});
