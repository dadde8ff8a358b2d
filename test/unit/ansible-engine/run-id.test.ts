import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isRunId, newRunId } from '../../../src/ansible/run-id.ts';

it('has the promised form and sorts by time', () => {
  const times = fc.integer({ min: 0, max: 32 ** 9 - 1 });
  fc.assert(
    fc.property(times, times, (a, b) => {
      const [idA, idB] = [newRunId(a), newRunId(b)];
      expect(isRunId(idA)).toBe(true);
      if (a !== b) expect(idA < idB).toBe(a < b);
    }),
  );
});

it('differs each time, also within a millisecond', () => {
  const ids = Array.from({ length: 100 }, () => newRunId(1_795_400_000_000));
  expect(new Set(ids).size).toBeGreaterThan(98);
});

it.each(['', '1m83a8hk2n37w', '1m83a8hk2n37wpp', '1M83a8hk2n37wp', '../../../../etc', 'a=b\0aaaaaaaaaa'])(
  'refuses %j',
  (text) => expect(isRunId(text)).toBe(false),
);
