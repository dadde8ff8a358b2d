import type { JournalEvent } from '../../store/events.ts';
import type { FaultView } from './page-view.ts';

/** Types of events that faults are told by. */
export const faultTypes = ['fault.opened', 'fault.closed'] as const;

/** Faults as the journal's events tell them, newest first. Events are oldest first. */
export function faultViews(events: readonly JournalEvent[]): readonly FaultView[] {
  const open = new Map<string, FaultView>();
  const closed: FaultView[] = [];
  for (const { type, node, at, data } of events) {
    if (node === null) continue;
    const known = open.get(node);
    if (type === 'fault.opened') open.set(node, { node, opened_at: at, closed_at: null, reason: null });
    else if (known !== undefined) {
      const { reason } = data;
      closed.push({ ...known, closed_at: at, reason: typeof reason === 'string' ? reason : null });
      open.delete(node);
    }
  }
  return [...closed, ...open.values()].toSorted((a, b) => (a.opened_at < b.opened_at ? 1 : -1));
}
