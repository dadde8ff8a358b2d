import type { Peer, PeerReply } from './client.ts';

/** Another controller's answer about the pool. */
export interface ControllerReply {
  readonly name: string;
  readonly reply: PeerReply;
}

/** What asking everybody may cost, however many there are. */
export interface AskAllOptions {
  /** Names, with an address where one is known. */
  readonly controllers: readonly { readonly name: string; readonly address: string | undefined }[];
  /** Asks one of them. Never throws. */
  readonly ask: (peer: Peer, deadlineMs: number) => Promise<PeerReply>;
  readonly nowMs: () => number;
}

const atOnce = 16;
const deadlineMs = 2_000;
/** After so long, or with so much text heard, nobody else is asked. */
const inAllMs = 4_000;
const inAllChars = 8 * 1024 * 1024;

/** Asks every controller, sixteen at a time. In the order of the names that were given. */
export async function askAll({ controllers, ask, nowMs }: AskAllOptions): Promise<readonly ControllerReply[]> {
  const until = nowMs() + inAllMs;
  const replies: ControllerReply[] = [];
  let heard = 0;
  for (let from = 0; from < controllers.length; from += atOnce) {
    const isEnough = heard > inAllChars || nowMs() >= until;
    const some = await Promise.all(
      controllers.slice(from, from + atOnce).map(async ({ name, address }): Promise<ControllerReply> => {
        if (address === undefined) return { name, reply: silent('its address is not known') };
        if (isEnough) return { name, reply: silent('it was not asked: the pool is large, and others were first') };
        return { name, reply: await ask({ name, address }, deadlineMs) };
      }),
    );
    heard += some.reduce((sum, { reply }) => sum + (reply.kind === 'answered' ? reply.text.length : 0), 0);
    replies.push(...some);
  }
  return replies;
}

function silent(reason: string): PeerReply {
  return { kind: 'silent', reason };
}
