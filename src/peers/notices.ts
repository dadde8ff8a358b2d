import { z } from 'zod';
import { noticeChannels, type PeerNotices } from '../pool/notice.ts';
import { askPeer, type Peer, type PeerAccess } from './client.ts';

const deadlineMs = 3_000;
const maxBytes = 256 * 1024;

const answerSchema = z.object({
  controller: z.string().max(256),
  notifications: z
    .array(
      z.object({
        channel: z.enum(noticeChannels),
        key: z.string().max(1024),
        state: z.enum(['waiting', 'busy', 'told']),
        age_ms: z.number().nonnegative(),
      }),
    )
    .max(1000),
});

/** Asks a peer what it has told, and what it is about to tell. Undefined: it is silent, or says nothing that can be understood. */
export async function askNotices(peer: Peer, access: PeerAccess): Promise<PeerNotices | undefined> {
  const reply = await askPeer(peer, '/v1/notifications', { ...access, deadlineMs, maxBytes });
  return reply.kind === 'answered' ? noticesIn(reply.text) : undefined;
}

/** The notices in a peer's answer. */
function noticesIn(text: string): PeerNotices | undefined {
  try {
    const { controller, notifications } = answerSchema.parse(JSON.parse(text));
    return { peer: controller, notices: notifications };
  } catch {
    return undefined;
  }
}
