import { afterAll, describe } from 'vitest';
import { itHealsAfter, summary } from './check.ts';

describe('a simulated pool under random faults', () => {
  const outcomes = itHealsAfter(60);
  afterAll(() => console.log(summary(outcomes)));
});
