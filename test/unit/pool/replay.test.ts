import { describe, expect, it } from 'vitest';
import { allGates } from '../../../src/pool/act-gates.ts';
import { caseOf, replay, type DecisionCase } from '../../../src/pool/replay.ts';
import { actCase, certified, faulty, nodeOf, policyOf, type Given } from './act-case.ts';

/** The case of a decision as the journal gives it back. */
function recorded(given: Given): DecisionCase {
  const { turn, node, consultation } = actCase(given);
  const whole = { node: turn.name, now: turn.now, state: node, pool: turn.pool, consultation };
  return JSON.parse(JSON.stringify(caseOf(whole))) as DecisionCase;
}

const names = (size: number): readonly string[] =>
  Array.from({ length: size }, (_, index) => String.fromCharCode(97 + index));
const policy = policyOf(['a', 'b', 'c']);

describe('a recorded decision', () => {
  it.each<Given>([
    {},
    { names: names(5), others: { b: faulty(policy) } },
    { names: names(20), policy: { quorum: 'majority' } },
    {
      names: names(20),
      others: { d: nodeOf(policy, { read: { found: { ...certified, power: 'off' }, pending: null } }) },
    },
    { rebuiltAt: [999_000, 999_001, 999_002] },
    { consultation: { confirmation: { status: 'ok', detail: 'it answers' } } },
  ])('is decided again as it was by the same policy: %j', (given) => {
    const { turn, node, consultation } = actCase(given);
    expect(replay(recorded(given), turn.policy).gates).toEqual(
      JSON.parse(JSON.stringify(allGates({ turn, node, consultation }))),
    );
  });

  it('holds nothing of nodes that are at work', () => {
    expect(Object.keys(recorded({ names: names(20), others: { b: faulty(policy) } }).pool.nodes)).toEqual(['b', 'c']);
  });

  it('holds by a policy that is stricter, and acts by one that is not', () => {
    const twoDead: Given = { names: names(5), others: { b: faulty(policy) } };
    const held = (more: Parameters<typeof policyOf>[1]): readonly string[] =>
      replay(recorded(twoDead), policyOf(names(5), more))
        .gates.filter(({ holds }) => holds)
        .map(({ gate }) => gate);
    expect(held({})).toEqual([]);
    expect(held({ maxUnhealthy: 1 })).toEqual(['max_unhealthy']);
    expect(held({ mode: 'dry-run' })).toEqual(['dry_run']);
    expect(held({ quorum: 5 })).toEqual(['quorum']);
  });
});
