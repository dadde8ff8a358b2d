import { expect } from 'vitest';
import type { LabState } from '../lab/lab.ts';

/** Every claim in vCenter has its decision: nobody will wait for anybody. */
export function expectClaimsClosed({ folders }: LabState): void {
  const names = folders.map((path) => path.split('/').at(-1) ?? '');
  const claims = names.filter((name) => name.endsWith('.claim')).map((name) => name.slice(0, -'.claim'.length));
  expect(claims.filter((claim) => !names.includes(`${claim}.end`))).toEqual([]);
}
