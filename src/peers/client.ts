import { request, type IncomingMessage } from 'node:http';
import { request as requestByTls, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import { maxRecordBytes } from '../config/membership.ts';
import type { PeerTrust } from '../config/tls-files.ts';

/** Another controller, where it can be reached. */
export interface Peer {
  readonly name: string;
  /** IP address. */
  readonly address: string;
}

/** What came of asking a peer. `silent` says nothing of it: the network may be at fault as well. */
export type PeerReply =
  | { readonly kind: 'answered'; readonly text: string }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'silent'; readonly reason: string }
  | { readonly kind: 'bad'; readonly reason: string };

/** How peers are asked. */
export interface PeerAccess {
  /** TCP port of every controller's HTTP server. */
  readonly port: number;
  /** Bearer token; the peers' routes refuse whoever has none. Null for what everybody may ask. */
  readonly token: string | null;
  /** They are asked by HTTPS. */
  readonly trust?: PeerTrust | null;
  /** Time for the whole exchange, to the last byte. */
  readonly deadlineMs?: number;
  /** The address is a host name of this machine's own configuration. */
  readonly isNamed?: boolean;
  /** A longer answer is cut off and counts as bad. */
  readonly maxBytes?: number;
}

/** The port of `http.listen`, which the peers use too. */
export function portOf(listen: string): number {
  return Number(listen.slice(listen.lastIndexOf(':') + 1));
}

/** Asks a peer for its record of the membership; see `askPeer`. */
export async function askMembership(peer: Peer, access: PeerAccess): Promise<PeerReply> {
  return askPeer(peer, '/v1/membership', access);
}

/** Asks a peer by a GET of a path. Never throws; follows no redirect and uses no proxy. */
export async function askPeer(peer: Peer, path: string, access: PeerAccess): Promise<PeerReply> {
  return exchange(peer, { path }, access);
}

/** Gives a peer an order, by a POST. As `askPeer`. */
export async function orderPeer(peer: Peer, path: string, body: object, access: PeerAccess): Promise<PeerReply> {
  return exchange(peer, { path, body: JSON.stringify(body) }, access);
}

interface Question {
  readonly path: string;
  /** JSON; undefined: a GET. */
  readonly body?: string;
}

async function exchange(peer: Peer, question: Question, access: PeerAccess): Promise<PeerReply> {
  const { address } = peer;
  if (isIP(address) === 0 && access.isNamed !== true) return { kind: 'bad', reason: 'its address is no IP address' };
  if (access.token !== null && !/^[\x21-\x7e]+$/.test(access.token))
    return { kind: 'bad', reason: 'http.token here is no text that a header can carry' };
  const signal = AbortSignal.timeout(access.deadlineMs ?? 3000);
  try {
    const response = await responseOf(peer, question, access, signal);
    return await replyOf(response, access.maxBytes ?? maxRecordBytes);
  } catch (error) {
    if (signal.aborted) return { kind: 'silent', reason: 'it did not answer in time' };
    const reason = reasonOf(error);
    // The parser's codes: something answers there, and does not speak HTTP.
    return { kind: reason.startsWith('HPE_') ? 'bad' : 'silent', reason };
  }
}

async function responseOf(
  peer: Peer,
  { path, body }: Question,
  access: PeerAccess,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { port, token, trust = null } = access;
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    const method = body === undefined ? 'GET' : 'POST';
    // No agent: a peer that was rebuilt has another address, and nothing stays open.
    const options = { host: peer.address, port, path, method, headers, agent: false, signal } as const;
    const asked =
      trust === null
        ? request(options, resolve)
        : requestByTls({ ...options, ...proofOf(peer, access, trust) }, resolve);
    asked.on('error', reject).end(body);
  });
}

/** A node's address changes with each rebuild: its certificate is for its name. Nothing is sent before this is proven. */
function proofOf({ name, address }: Peer, { isNamed }: PeerAccess, { ca, pin }: PeerTrust): RequestOptions {
  const identity = isNamed === true ? address : name;
  const servername = isIP(identity) === 0 ? { servername: identity } : {};
  if (pin === null) return { ca, ...servername };
  const checkServerIdentity = (_: string, { fingerprint256 }: PeerCertificate): Error | undefined =>
    fingerprint256 === pin ? undefined : new Error('its certificate is not the one of this controller');
  return { ca, ...servername, checkServerIdentity };
}

async function replyOf(response: IncomingMessage, maxBytes: number): Promise<PeerReply> {
  const { statusCode = 0 } = response;
  if (statusCode !== 200 && statusCode !== 202) {
    response.destroy();
    const isRefusal = statusCode >= 400 && statusCode < 500;
    return isRefusal
      ? { kind: 'refused', status: statusCode }
      : { kind: 'bad', reason: `it answered HTTP ${statusCode}` };
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    // Without an encoding, a response's chunks are buffers.
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    // Leaving the loop destroys the response, and with it the connection.
    if (length > maxBytes) return { kind: 'bad', reason: `its answer is larger than ${maxBytes} bytes` };
    chunks.push(chunk);
  }
  return { kind: 'answered', text: Buffer.concat(chunks).toString('utf8') };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}
