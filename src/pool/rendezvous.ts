/**
 * Candidates in the order in which they act on a key, the same for every observer that knows the same candidates (rendezvous, or
 * highest-random-weight, hashing). When a candidate goes, the order of the others stays.
 */
export function rendezvousOrder(key: string, candidates: readonly string[]): readonly string[] {
  const seed = seedOf(key);
  const weight = new Map(candidates.map((name) => [name, weightOf(seed, name)]));
  return [...weight.keys()].toSorted(
    (a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0) || (a < b ? -1 : a > b ? 1 : 0),
  );
}

/**
 * The first of that order that fit, `count` at most. Only those that would be among them are asked whether they do: in a large pool
 * this is done for every node at every reading.
 */
export function rendezvousFirst(
  key: string,
  candidates: readonly string[],
  count: number,
  fits: (name: string) => boolean,
): readonly string[] {
  const seed = seedOf(key);
  const first: { readonly name: string; readonly weight: number }[] = [];
  for (const name of candidates) {
    const weight = weightOf(seed, name);
    const isBefore = (other: { readonly name: string; readonly weight: number }): boolean =>
      weight > other.weight || (weight === other.weight && name < other.name);
    const last = first[count - 1];
    if ((last !== undefined && !isBefore(last)) || !fits(name)) continue;
    const place = first.findIndex(isBefore);
    first.splice(place === -1 ? first.length : place, 0, { name, weight });
    if (first.length > count) first.pop();
  }
  return first.map(({ name }) => name);
}

/**
 * Whether one candidate is among those first. It ends as soon as enough others come before it, which in a large pool is after a few:
 * so a controller can ask it of every node.
 */
export function isRendezvousFirst(
  candidate: string,
  key: string,
  candidates: readonly string[],
  count: number,
  fits: (name: string) => boolean,
): boolean {
  if (!candidates.includes(candidate) || !fits(candidate)) return false;
  const seed = seedOf(key);
  const own = weightOf(seed, candidate);
  let before = 0;
  for (const name of candidates) {
    const weight = weightOf(seed, name);
    if (weight < own || (weight === own && name >= candidate) || !fits(name)) continue;
    before += 1;
    if (before === count) return false;
  }
  return true;
}

/** FNV-1a over UTF-16 units. It can be gone on with: a key's own hash is the beginning of each of its candidates'. */
function fnv(text: string, from: number): number {
  let hash = from;
  for (let index = 0; index < text.length; index += 1) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash;
}

function seedOf(key: string): number {
  return fnv(`${key}\0`, 0x811c9dc5);
}

/** With the finalizer of MurmurHash3, since FNV alone leaves similar names close together. */
function weightOf(seed: number, name: string): number {
  let hash = fnv(name, seed);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}
