import { z } from 'zod';
import { silentVote, type Vote } from '../pool/consultation.ts';
import { askPeer, type Peer, type PeerAccess } from './client.ts';

/** An observer gets so long to answer: a rebuild is not held up by one that hangs. */
const deadlineMs = 3_000;
const maxBytes = 64 * 1024;

/** The few fields that are needed; whatever else a peer says is left unread. */
const observationSchema = z.object({
  controller: z.string().max(256),
  node: z.string(),
  vm: z.object({ instance_uuid: z.string().max(256) }).nullable(),
  verdict: z.enum(['healthy', 'unhealthy', 'unknown']),
  age_ms: z.number().nonnegative().nullable(),
  trusted: z.boolean(),
  /** Controllers of an earlier version tell of none. */
  holds: z.array(z.object({ gate: z.string(), message: z.string() })).default([]),
  checks: z
    .array(z.object({ name: z.string(), failures: z.number() }))
    .max(1_000)
    .catch([]),
});

/** Asks an observer what it sees of a node. Whatever goes wrong is a silent vote. */
export async function askVote(peer: Peer, node: string, access: PeerAccess): Promise<Vote> {
  const began = performance.now();
  const reply = await askPeer(peer, `/v1/observations/${node}`, { ...access, deadlineMs, maxBytes });
  const latencyMs = Math.round(performance.now() - began);
  switch (reply.kind) {
    case 'answered':
      return voteIn(reply.text, peer.name, node, latencyMs, access.isNamed === true ? null : peer.name);
    case 'refused':
      return silentVote(peer.name, `it refused with HTTP ${reply.status}`, latencyMs);
    case 'silent':
    case 'bad':
      return silentVote(peer.name, reply.reason, latencyMs);
  }
}

/**
 * The vote in an observer's answer; one that is no observation of that node is silence, and so is one of another controller than
 * `expected`, who has that address by now: one controller is one voice. A witness is whoever has its address.
 */
export function voteIn(
  text: string,
  observer: string,
  node: string,
  latencyMs: number,
  expected: string | null = observer,
): Vote {
  const parsed = parse(text);
  if (parsed === undefined) return silentVote(observer, 'its answer is no observation', latencyMs);
  if (parsed.node !== node) return silentVote(observer, `it spoke of ${parsed.node.slice(0, 64)}`, latencyMs);
  if (expected !== null && parsed.controller !== expected)
    return silentVote(observer, `${parsed.controller.slice(0, 64)} answers at its address`, latencyMs);
  const { vm, verdict, age_ms: ageMs, trusted, holds, checks } = parsed;
  const failing = checks.filter(({ failures }) => failures > 0).map(({ name }) => name);
  const detail = trusted ? '' : 'it does not trust itself';
  return {
    observer,
    ...(parsed.controller === observer ? {} : { controller: parsed.controller }),
    answer: verdict,
    ...(failing.length === 0 ? {} : { failing }),
    subject: vm?.instance_uuid ?? null,
    ageMs,
    isTrusted: trusted,
    latencyMs,
    detail,
    holds,
  };
}

function parse(text: string): z.infer<typeof observationSchema> | undefined {
  try {
    return observationSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Where a witness of the configuration (`host` or `host:port`) is asked; its port is the peers' own unless it says another. */
export function witnessAddress(text: string, port: number): { readonly host: string; readonly port: number } {
  const [, host = text, own] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(text) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port: own === undefined ? port : Number(own) };
}
