import { z } from 'zod';
import { noticeChannels } from '../../pool/notice.ts';

/** How a controller stands to what can be told. */
export const notificationsShape = z.object({
  controller: z.string().describe('As the controller calls itself.'),
  notifications: z.array(
    z.object({
      channel: z.enum(noticeChannels),
      key: z.string().describe('The same on all controllers that see the same thing.'),
      state: z.enum(['waiting', 'busy', 'told']),
      age_ms: z.number().describe('How long ago it was seen to happen.'),
    }),
  ),
});
