import { z } from 'zod';

/** What an order that was taken is answered with. One that had nothing to do tells its outcome and a message; a pause and a resume tell more: whom they reached, and what was set or cleared. */
export const orderShape = z.looseObject({
  run: z.string().nullable(),
  node: z.string().nullable(),
  status: z.string().describe('In a word, such as running, paused or approved.'),
});
