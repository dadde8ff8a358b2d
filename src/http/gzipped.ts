import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Entity } from './entity.ts';

/** What fits into one packet as it is does not come sooner when it is smaller. */
const leastBytes = 1_400;

const compress = promisify(gzip);
const known = new WeakMap<Entity, Promise<Buffer>>();

/** An entity compressed: beside the main thread, and once, however many read it. */
export function gzipped(entity: Entity): Promise<Buffer> {
  const made = known.get(entity) ?? compress(entity.bytes);
  known.set(entity, made);
  return made;
}

/** Whether a reader that sent this `Accept-Encoding` is better served compressed (RFC 9110, 12.5.3). */
export function isBetterGzipped({ bytes }: Entity, acceptEncoding: string | undefined): boolean {
  if (bytes.length < leastBytes || acceptEncoding === undefined) return false;
  const codings = new Map(acceptEncoding.toLowerCase().split(',').map(codingOf));
  return codings.get('gzip') ?? codings.get('*') ?? false;
}

/** A coding, and whether it may be used: it may not with a weight of nought. */
function codingOf(text: string): readonly [coding: string, isTaken: boolean] {
  const [coding = '', weight = ''] = text.split(';').map((part) => part.trim());
  return [coding, !/^q=0(\.0*)?$/.test(weight)];
}
