import { orderPeer, portOf } from '../peers/client.ts';
import type { Peer, PeerAccess, PeerReply } from '../peers/client.ts';
import { isOwnAddress } from '../peers/own-address.ts';
import { witnessAddress } from '../peers/vote.ts';
import type { Relayed } from '../remediation/steering.ts';
import type { LiveConfig } from './live-config.ts';

/** Gives the controller of every other node and every witness an order, with the token that they share. Says of each whether it follows. */
export async function relay(
  live: Pick<LiveConfig, 'identity' | 'nodes' | 'token' | 'config' | 'trust'>,
  peers: readonly Peer[],
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<readonly Relayed[]> {
  const { self } = live.identity;
  const others = live.nodes.filter((name) => name !== self);
  const token = await live.token();
  const port = portOf(live.config.http.listen);
  const tell = async (
    name: string,
    peer: Peer | undefined,
    access: Pick<PeerAccess, 'port' | 'isNamed'>,
  ): Promise<Relayed> => {
    if (token === null) return { name, error: 'http.token is not set here' };
    if (peer === undefined) return { name, error: 'its address is not known' };
    return { name, error: errorOf(await orderPeer(peer, path, body, { ...access, token, trust: live.trust })) };
  };
  const witnesses = live.config.safety.witnesses.map((text) => ({ text, ...witnessAddress(text, port) }));
  return Promise.all([
    ...others.map((name) =>
      tell(
        name,
        peers.find((each) => each.name === name),
        { port },
      ),
    ),
    ...witnesses
      .filter((witness) => !isOwnAddress(witness, live.config.http.listen))
      .map(({ text, host, port: at }) => tell(text, { name: text, address: host }, { port: at, isNamed: true })),
  ]);
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
