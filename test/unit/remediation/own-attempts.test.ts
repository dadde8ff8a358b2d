import { describe, expect, it } from 'vitest';
import { orderResume } from '../../../src/remediation/orders.ts';
import { ownAttempts } from '../../../src/remediation/own-attempts.ts';
import type { RunOutcome, RunFacts } from '../../../src/store/runs.ts';
import { temporaryJournal } from '../store/folders.ts';

const since = '2026-01-01T10:00:00.000Z';
const at = (minute: number): string => `2026-01-01T10:${String(minute).padStart(2, '0')}:00.000Z`;

function journalOf(...ends: readonly (readonly [number, RunOutcome, Partial<RunFacts>?])[]) {
  const journal = temporaryJournal();
  for (const [minute, outcome, facts] of ends) {
    const id = `r${minute}`;
    const run = {
      id,
      node: 'web3',
      kind: 'rebuild',
      trigger: 'monit',
      builder: 'web1',
      started_at: at(minute),
    } as const;
    journal.runs.insert({ ...run, reason: null, force: false });
    journal.runs.finish(id, { outcome, ended_at: at(minute + 1), ...facts });
  }
  return journal;
}

describe('what this machine tried of a node', () => {
  it('is its rebuilds that ended well or badly since that time, and no refusal', () => {
    const journal = journalOf(
      [1, 'failed', { class: 'no_capacity' }],
      [3, 'rebuilt'],
      [5, 'refused'],
      [7, 'already_healthy'],
    );
    expect(ownAttempts(journal, 'web3', since)).toEqual({ attempts: 2, lastAttemptAt: at(4), holds: [] });
    expect(ownAttempts(journal, 'web3', at(2))).toMatchObject({ attempts: 1 });
    expect(ownAttempts(journal, 'web2', since)).toEqual({ attempts: 0, lastAttemptAt: null, holds: [] });
  });

  it('does not count that vCenter went away', () => {
    const journal = journalOf([1, 'failed', { class: 'vcenter_unreachable' }]);
    expect(ownAttempts(journal, 'web3', since)).toMatchObject({ attempts: 0 });
  });

  it('begins anew when a person resumes the node or the pool', () => {
    for (const node of ['web3', null]) {
      const journal = journalOf([1, 'failed'], [3, 'cancelled']);
      expect(ownAttempts(journal, 'web3', since)).toMatchObject({ attempts: 1, holds: [{ gate: 'cancelled' }] });
      orderResume(journal, { node, by: 'alice', reason: 'new disk' }, new Date(at(5)));
      expect(ownAttempts(journal, 'web3', since)).toEqual({ attempts: 0, lastAttemptAt: null, holds: [] });
    }
  });
});
