import { expect, it } from 'vitest';
import { stopPoint } from '../../../src/pool/stop-point.ts';

it.each([
  [null, 'now'],
  ['preflight', 'now'],
  ['claim', 'now'],
  ['before_rebuild', 'now'],
  ['fence', 'later'],
  ['create', 'now'],
  ['verify', 'now'],
  ['certify', 'never'],
  ['retire', 'never'],
  ['register', 'never'],
  ['after_rebuild', 'never'],
] as const)('a run at %s can be stopped %s', (step, point) => {
  expect(stopPoint({ step, isOldGone: false })).toBe(point);
});

it('a run whose old VM was destroyed first goes on to its end', () => {
  for (const step of ['fence', 'create', 'verify']) expect(stopPoint({ step, isOldGone: true })).toBe('never');
});
