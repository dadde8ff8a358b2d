import type { RunEvent } from '../src/ansible/event.ts';

/** A part of a run: what lies between two starts of tasks. */
export interface Stretch {
  readonly step: string;
  readonly task: string;
  readonly from: number;
  readonly to: number;
  /** Processes that Ansible started for it: one a module, an item and an attempt. */
  readonly modules: number;
}

const controllerOnly =
  /^(?:ansible\.builtin\.)?(?:include_\w+|import_\w+|set_fact|set_stats|assert|validate_argument_spec|fail|debug|meta)$/;

/** The whole run cut into stretches, without gaps: from the playbook's start to its stats. */
export function stretchesOf(events: readonly RunEvent[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let open: Stretch | undefined;
  for (const event of events) {
    if (event.e === 'start') open = { step: 'start', task: '', from: event.t, to: event.t, modules: 0 };
    if (event.e === 'task_start' || event.e === 'stats') {
      if (open) stretches.push({ ...open, to: event.t });
      open = undefined;
    }
    if (event.e === 'task_start') {
      const { step, name } = event.task;
      open = { step: step ?? 'start and end', task: name, from: event.t, to: event.t, modules: 0 };
    }
    if (open && isModuleCall(event)) open = { ...open, modules: open.modules + 1 };
  }
  return stretches.map((each) => (each.step === 'start' ? { ...each, step: 'start and end' } : each));
}

function isModuleCall(event: RunEvent): boolean {
  if (event.e === 'item_ok' || event.e === 'item_failed' || event.e === 'retry') {
    return !controllerOnly.test(event.task.action);
  }
  if (event.e !== 'ok' && event.e !== 'failed') return false;
  return !controllerOnly.test(event.task.action) && !Array.isArray(event.res['results']);
}

/** All up to the certifying note is `certify`, and `retire` is what comes after it. */
export function certifyEndsWithTheNote(stretches: readonly Stretch[]): readonly Stretch[] {
  const note = stretches.findIndex(({ task }) => task.endsWith('Write the certifying note'));
  return stretches.map((each, index) =>
    each.step === 'retire' || each.step === 'certify' ? { ...each, step: index <= note ? 'certify' : 'retire' } : each,
  );
}
