/** Numbers that look random and are the same in each run. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to below `sides`. */
  roll(sides: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % sides;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.roll(from.length)] ?? from[0];
  }

  bytes(most: number): string {
    return String.fromCharCode(...Array.from({ length: this.roll(most) }, () => this.roll(256)));
  }
}

const paths = [
  '/', '/v1/status', '/v1/nodes', '/v1/nodes/x', '/v1/runs', '/v1/runs/x', '/v1/runs/x/events', '/v1/events', '/v1/membership',
  '/v1/observations/x', '/v1/controllers', '/openapi.json', '/status.txt', '/healthz', '/%ff', '/..%2f..%2fetc/passwd', '//', '/v1//status',
  '*', 'http://x/v1/status', '/__proto__', '/constructor', `/${'a'.repeat(3_000)}`,
] as const; // prettier-ignore
const queries = [
  '', '?', '?after=-1', '?after=1e9', '?after=99999999999999999', '?limit=0', '?limit=x', '?a[b]=c', '?__proto__[x]=1', '?%', '?%00=%ff',
  '?before=%27--', '?since=0', `?node=${'n'.repeat(2_000)}`, '?after=1&after=1',
] as const; // prettier-ignore
const headers = [
  '', 'Authorization: Bearer', 'Authorization: Bearer wrong', 'Authorization: \u0001', 'Accept: application/json', 'Accept: ,,;q=',
  'Last-Event-ID: -1', 'Last-Event-ID: 99999999999999999999', 'If-None-Match: "', 'Content-Length: -1', 'Content-Length: 5', 'Content-Length: 99999999',
  'Transfer-Encoding: chunked', 'Transfer-Encoding: x', 'Content-Type: application/json', 'Content-Type: \u00ff', 'Expect: 100-continue', 'Upgrade: h2c',
  'Connection: Upgrade', 'Host:', 'X\u0000: y', 'no colon', `Cookie: ${'c'.repeat(9_000)}`, `X: ${'x'.repeat(20_000)}`, ' folded', 'Range: bytes=0-',
] as const; // prettier-ignore
const methods = [
  'GET',
  'GET',
  'GET',
  'POST',
  'PUT',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PRI',
  'get',
  '\u0000',
  '',
] as const;
const bodies = [
  '',
  '{',
  '{}',
  '{"__proto__":{}}',
  '[[[[',
  '0\r\n\r\n',
  'ffffffffffff\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '\u0000\u0001',
] as const;

/** A request of which something is wrong, or nothing; or no request at all. As Latin-1 bytes. */
export function malformedRequest(dice: Dice): string {
  if (dice.roll(12) === 0) return dice.bytes(400);
  const lines = [
    `${dice.pick(methods)} ${dice.pick(paths)}${dice.pick(queries)} HTTP/${dice.pick(['1.1', '1.1', '1.0', '2.0', '9', ''])}`,
    dice.pick(['Host: x', 'Host: x', 'Host: x', '']),
    dice.pick(headers),
    dice.pick(headers),
  ];
  const whole = `${lines.filter((line) => line !== '').join('\r\n')}\r\n\r\n${dice.pick(bodies)}`;
  // One in ten ends in the middle.
  return dice.roll(10) === 0 ? whole.slice(0, dice.roll(whole.length)) : whole;
}
