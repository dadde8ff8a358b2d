import { itemsOf } from '../config/document.ts';
import type { Observed } from '../pool/replay-checks.ts';
import type { JournalEvent } from '../store/events.ts';

/** The events of the journal that tell of failures of checks. */
export const checkEvents = ['check.suspect', 'fault.opened', 'fault.widened', 'fault.closed'] as const;

/** What an event of the journal says of the checks of a node; nothing for an event of another kind. */
export function observedIn({ at, node, type, data }: JournalEvent): readonly Observed[] {
  if (node === null) return [];
  const about = { at: Date.parse(at), node };
  const { check, checks, failures, reason } = data;
  switch (type) {
    case 'check.suspect':
      return typeof check === 'string' && typeof failures === 'number'
        ? [{ ...about, kind: 'failed', check, failures }]
        : [];
    case 'fault.opened':
      return [{ ...about, kind: 'unhealthy', checks: itemsOf(checks).filter((each) => typeof each === 'string') }];
    case 'fault.widened':
      return typeof check === 'string' ? [{ ...about, kind: 'unhealthy', checks: [check] }] : [];
    case 'fault.closed':
      return typeof reason === 'string' ? [{ ...about, kind: 'closed', reason }] : [];
    default:
      return [];
  }
}
