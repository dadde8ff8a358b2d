import PQueue from 'p-queue';
import { z } from 'zod';
import type { ImageReport } from '../pool/image-versions.ts';
import { askPeer, type Peer, type PeerAccess } from './client.ts';

const deadlineMs = 3_000;
const maxBytes = 4096;
const atOnce = 16;

const answerSchema = z.object({
  version: z.string().max(64).nullable(),
  made_at: z.iso.datetime().max(32).nullable(),
  problem: z.string().max(512).nullable(),
});

/** Asks all peers which image they carry. Who is silent, or says nothing that can be understood, is left out. */
export async function askImages(peers: readonly Peer[], access: PeerAccess): Promise<ReadonlyMap<string, ImageReport>> {
  const heard = new Map<string, ImageReport>();
  await new PQueue({ concurrency: atOnce }).addAll(
    peers.map((peer) => async () => {
      const reply = await askPeer(peer, '/v1/image', { ...access, deadlineMs, maxBytes });
      const image = reply.kind === 'answered' ? imageIn(reply.text) : undefined;
      if (image !== undefined) heard.set(peer.name, image);
    }),
  );
  return heard;
}

/** The image in a peer's answer, which may be hostile. */
export function imageIn(text: string): ImageReport | undefined {
  try {
    return answerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
