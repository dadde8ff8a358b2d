import { createHash } from 'node:crypto';

/** What is to be sent, encoded once for all readers, with a tag that changes when its meaning does (RFC 9110, 8.8.3). */
export interface Entity {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** JSON as an entity. Two that differ in nothing but the time of the report, `at`, have the same tag: hence it is a weak one. */
export function jsonEntity(body: unknown): Entity {
  if (typeof body !== 'object' || body === null || !('at' in body) || typeof body.at !== 'string')
    return entity(JSON.stringify(body));
  const rest = JSON.stringify({ ...body, at: undefined });
  const text = `{"at":${JSON.stringify(body.at)}${rest === '{}' ? '' : ','}${rest.slice(1)}`;
  return { bytes: Buffer.from(text), etag: tagOf(rest) };
}

/** Text as an entity. */
export function entity(text: string): Entity {
  return { bytes: Buffer.from(text), etag: tagOf(text) };
}

/** Whether a reader that sent this `If-None-Match` has the entity already. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = etag.replace(/^W\//, '');
  return ifNoneMatch.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === opaque);
}

function tagOf(text: string): string {
  return `W/"${createHash('sha1').update(text).digest('base64url')}"`;
}

/**
 * What is made anew only when it is older than twenty times what making it took, and a second at most. So however many ask,
 * a twentieth of the processor at most goes into it; a small pool's is as good as always new.
 */
export function cached<T>(make: () => T, nowMs: () => number = () => performance.now()): () => T {
  let last: T | undefined;
  let until = -Infinity;
  return () => {
    const began = nowMs();
    if (last === undefined || began >= until) {
      last = make();
      const ended = nowMs();
      until = ended + Math.min(20 * (ended - began), 1_000);
    }
    return last;
  };
}
