import type { QueuedNotice } from '../pool/notice.ts';
import type { HappenedEvent } from './kinds.ts';

/** Whether an event is worth telling, after what was told of before; `passed`: what need not be told any more. */
export interface News {
  readonly isNews: boolean;
  readonly passed: readonly number[];
}

/** `recent`: notices of this controller, newest first. */
export function newsOf({ type, node }: HappenedEvent, key: string, recent: readonly QueuedNotice[]): News {
  switch (type) {
    case 'gate.held':
      return { isNews: !wasHeldInThisFault(node, key, recent), passed: [] };
    case 'discovery.failed':
      return { isNews: lastOfVCenter(recent)?.notice.type !== 'discovery.failed', passed: [] };
    case 'discovery.restored': {
      const failed = recent.filter(isUntoldFailure).map(({ seq }) => seq);
      const isKnown = lastOfVCenter(recent)?.notice.type === 'discovery.failed';
      return { isNews: failed.length === 0 && isKnown, passed: failed };
    }
    default:
      return { isNews: true, passed: [] };
  }
}

/** The same gates again, which hold and open in turn, are no news within one fault. */
function wasHeldInThisFault(node: string | null, key: string, recent: readonly QueuedNotice[]): boolean {
  const ofNode = recent.filter(({ notice }) => notice.node === node);
  const opened = ofNode.findIndex(({ notice }) => notice.type === 'fault.opened');
  return ofNode.slice(0, opened === -1 ? undefined : opened).some((queued) => queued.key === key);
}

function lastOfVCenter(recent: readonly QueuedNotice[]): QueuedNotice | undefined {
  return recent.find(({ notice, state }) => notice.type.startsWith('discovery.') && state !== 'passed');
}

function isUntoldFailure({ notice, state, message }: QueuedNotice): boolean {
  return notice.type === 'discovery.failed' && state === 'waiting' && message === null;
}
