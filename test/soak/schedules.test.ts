import { afterAll, describe } from 'vitest';
import { itHealsAfter, summary } from '../schedules/check.ts';

describe('a simulated pool under random faults', () => {
  const outcomes = itHealsAfter(500);
  afterAll(() => console.log(summary(outcomes)));
});
