/**
 * Candidates in the order in which they act on a key, the same for every observer that knows the same candidates (rendezvous, or
 * highest-random-weight, hashing). When a candidate goes, the order of the others stays.
 */
export function rendezvousOrder(key: string, candidates: readonly string[]): readonly string[] {
  const weight = new Map(candidates.map((name) => [name, hash32(`${key}\0${name}`)]));
  return [...weight.keys()].toSorted(
    (a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0) || (a < b ? -1 : a > b ? 1 : 0),
  );
}

/** FNV-1a over UTF-16 units, then the finalizer of MurmurHash3, since FNV alone leaves similar names close together. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}
