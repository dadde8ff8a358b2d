import { createHash, timingSafeEqual } from 'node:crypto';
import type { Problem } from './problem.ts';

/** Why the `Authorization` header does not open the door; undefined when it does. Without a configured token nothing does. */
export function refusal(authorization: string | undefined, token: string | null): Problem | undefined {
  if (token === null || token === '') {
    return { status: 403, detail: 'No token is configured (http.token), so this is refused to everybody.' };
  }
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) {
    return unauthorized('Give the token: Authorization: Bearer TOKEN.', 'Bearer realm="regrow"');
  }
  if (!isEqual(given, token)) {
    return unauthorized('The token is not the one of this controller.', 'Bearer realm="regrow", error="invalid_token"');
  }
  return undefined;
}

/** What is answered while this controller does not know its own token. */
export const tokenUnreadable: Problem = {
  status: 503,
  detail:
    'The token of this controller (http.token) cannot be read, so this is refused to everybody. Its log tells why.',
};

function unauthorized(detail: string, challenge: string): Problem {
  return { status: 401, detail, headers: { 'www-authenticate': challenge } };
}

/** Takes the same time whatever the texts are, and however long: their hashes are compared. */
function isEqual(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
