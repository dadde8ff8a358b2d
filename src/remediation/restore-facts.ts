import { toRecord, type RunEvent } from '../ansible/event.ts';
import type { ProtocolFact } from './rebuild-facts.ts';

/** What a restore changed on its node, or would change: one fact a changed file, setting or service, with its diff where it has one. */
export function changeFact(event: RunEvent): ProtocolFact | undefined {
  if (event.e !== 'ok' && event.e !== 'item_ok') return undefined;
  const { res, task, host } = event;
  // Of a loop each item has told for itself.
  if (res['changed'] !== true || Array.isArray(res['results'])) return undefined;
  const item = res['item'];
  const data = {
    task: task.name,
    item: text(item) ?? text(toRecord(item)?.['path']) ?? null,
    diff: text(res['diff']) ?? null,
  };
  return { type: 'restore.changed', node: host, data, change: {} };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
