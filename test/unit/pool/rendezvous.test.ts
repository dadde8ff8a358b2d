import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRendezvousFirst, rendezvousFirst, rendezvousOrder } from '../../../src/pool/rendezvous.ts';

const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), { minLength: 1, maxLength: 12 });

describe('the order of candidates', () => {
  it('is the same in whatever order they are given', () => {
    fc.assert(
      fc.property(fc.string(), names, fc.infiniteStream(fc.nat()), (key, candidates, random) => {
        const shuffled = candidates
          .map((name) => [random.next().value ?? 0, name] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, name]) => name);
        expect(rendezvousOrder(key, shuffled)).toEqual(rendezvousOrder(key, candidates));
      }),
    );
  });

  it('holds every candidate once', () => {
    fc.assert(
      fc.property(fc.string(), names, (key, candidates) => {
        expect(rendezvousOrder(key, [...candidates, ...candidates]).toSorted()).toEqual(candidates.toSorted());
      }),
    );
  });

  it('stays as it is for the others when one leaves', () => {
    fc.assert(
      fc.property(fc.string(), names, fc.nat(), (key, candidates, pick) => {
        const gone = candidates[pick % candidates.length];
        const left = candidates.filter((name) => name !== gone);
        expect(rendezvousOrder(key, left)).toEqual(rendezvousOrder(key, candidates).filter((name) => name !== gone));
      }),
    );
  });

  it('begins with the first of those that fit', () => {
    fc.assert(
      fc.property(fc.string(), names, fc.integer({ min: 1, max: 13 }), fc.nat(4), (key, candidates, count, modulus) => {
        const fits = (name: string): boolean => name.length % (modulus + 1) !== modulus;
        const first = rendezvousOrder(key, candidates.filter(fits)).slice(0, count);
        expect(rendezvousFirst(key, candidates, count, fits)).toEqual(first);
        const among = candidates.filter((name) => isRendezvousFirst(name, key, candidates, count, fits));
        expect(among.toSorted()).toEqual(first.toSorted());
      }),
    );
  });

  it('gives each of similar names its share of first places', () => {
    const candidates = ['webbox1', 'webbox2', 'webbox3', 'webbox4', 'webbox5'];
    const firsts = new Map(candidates.map((name) => [name, 0]));
    for (let key = 0; key < 5000; key += 1) {
      const [first = ''] = rendezvousOrder(`webbox${key % 7}/uuid-${key}`, candidates);
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    for (const count of firsts.values()) {
      expect(count).toBeGreaterThan(850);
      expect(count).toBeLessThan(1150);
    }
  });
});
