import { orderPeer, portOf } from '../peers/client.ts';
import type { Peer, PeerReply } from '../peers/client.ts';
import type { Relayed } from '../remediation/steering.ts';
import type { LiveConfig } from './live-config.ts';

/** Gives every other node's controller an order, with the token that they share. Says of each whether it follows. */
export async function relay(
  live: LiveConfig,
  peers: readonly Peer[],
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<readonly Relayed[]> {
  const { self } = live.identity;
  const others = live.nodes.filter((name) => name !== self);
  const token = await live.token();
  return Promise.all(
    others.map(async (name): Promise<Relayed> => {
      const peer = peers.find((each) => each.name === name);
      if (token === null) return { name, error: 'http.token is not set here' };
      if (peer === undefined) return { name, error: 'its address is not known' };
      return {
        name,
        error: errorOf(
          await orderPeer(peer, path, body, { port: portOf(live.config.http.listen), token, trust: live.trust }),
        ),
      };
    }),
  );
}

function errorOf(reply: PeerReply): string | null {
  switch (reply.kind) {
    case 'answered':
      return null;
    case 'refused':
      return `it refused with HTTP ${reply.status}`;
    case 'silent':
    case 'bad':
      return reply.reason;
  }
}
