import { describe, expect, it } from 'vitest';
import {
  afterHostResult,
  rememberedHostCheck,
  unmeasuredHostCheck,
  type HostCheckState,
  type HostStep,
} from '../../../src/pool/host-check.ts';

type Result = 'ok' | 'failed' | 'unknown';
const policy = { failures: 3, successes: 2 };

/** The steps that follow from each result, from a state on; results that a hold falls on are marked. */
function walk(from: HostCheckState, results: readonly (Result | `${Result} held`)[]): readonly string[] {
  let state = from;
  return results.map((result) => {
    const [status, held] = result.split(' ') as [Result, string?];
    const next: { state: HostCheckState; steps: readonly HostStep[] } = afterHostResult(
      state,
      status,
      policy,
      held !== undefined,
    );
    state = next.state;
    return next.steps.join('+');
  });
}

describe('a check of the own machine', () => {
  it('acts at the configured failure in a row, once, and closes after the configured successes', () => {
    expect(walk(unmeasuredHostCheck, ['failed', 'failed', 'failed', 'failed', 'ok', 'ok'])).toEqual([
      '',
      '',
      'opened+act',
      '',
      '',
      'closed',
    ]);
  });

  it('acts again only after it has been healthy', () => {
    const steps = walk(unmeasuredHostCheck, ['failed', 'failed', 'failed', 'ok', 'ok', 'failed', 'failed', 'failed']);
    expect(steps.filter((step) => step === 'opened+act')).toHaveLength(2);
  });

  it('counts nothing that could not be measured', () => {
    expect(walk(unmeasuredHostCheck, ['failed', 'failed', 'unknown', 'unknown', 'failed'])).toEqual([
      '',
      '',
      '',
      '',
      'opened+act',
    ]);
  });

  it('keeps an action that is held due, and takes it at the first failure without the hold', () => {
    expect(
      walk(unmeasuredHostCheck, ['failed', 'failed', 'failed held', 'failed held', 'unknown', 'failed', 'failed']),
    ).toEqual(['', '', 'opened', '', '', 'act', '']);
  });

  it('does not act a second time for a fault that an earlier process acted on', () => {
    expect(walk(rememberedHostCheck(true), ['failed', 'failed', 'failed', 'failed', 'ok', 'ok'])).toEqual([
      '',
      '',
      '',
      '',
      '',
      'closed',
    ]);
  });

  it('acts for a fault that an earlier process did not act on, once it has failed afresh', () => {
    expect(walk(rememberedHostCheck(false), ['failed', 'failed', 'failed'])).toEqual(['', '', 'act']);
  });
});
