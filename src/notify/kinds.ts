import { notifiedEvents, type NotifiedEvent } from '../pool/notice.ts';

/** An event of the journal. */
export interface HappenedEvent {
  readonly id: number;
  readonly at: string;
  readonly node: string | null;
  readonly run: string | null;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event that can be told of. */
export type NotifiableEvent = HappenedEvent & { readonly type: NotifiedEvent };

/** What is told of an event. */
export interface Wording {
  readonly summary: string;
  /** What is done about it now, or what a person has to do. */
  readonly next: string | null;
}

/**
 * Who tells. `acting`: whoever does what the event is about has it first, or alone. `turn`: all see it at the same time, and tell in
 * turn. `after`: another one acted, and tells, too.
 */
export type Teller = 'acting' | 'turn' | 'after';

/** Whether an event can be told of. */
export function isNotifiable(event: HappenedEvent): event is NotifiableEvent {
  return notifiedEvents.some((type) => type === event.type);
}

/** Who of several controllers tells of an event first. */
export function tellerOf({ type, data }: NotifiableEvent): Teller {
  switch (type) {
    case 'fault.closed':
      if (data['reason'] === 'rebuilt') return 'acting';
      return data['reason'] === 'replaced' ? 'after' : 'turn';
    case 'fault.opened':
    case 'fault.widened':
    case 'fault.exhausted':
    case 'discovery.failed':
    case 'discovery.restored':
    case 'membership.conflict':
    case 'action.failed':
    case 'alert.raised':
      return 'turn';
    case 'fault.retry':
    case 'gate.held':
    case 'approval.asked':
    case 'rebuild.requested':
    case 'rebuild.claimed':
    case 'rebuild.failed':
    case 'rebuild.interrupted':
    case 'restore.requested':
    case 'restore.failed':
    case 'restore.given_up':
    case 'node.unregistered':
    case 'hook.failed':
    case 'config.rejected':
    case 'controller.started':
    case 'controller.stalled':
    case 'pause.set':
    case 'pause.cleared':
    case 'host.fault.opened':
    case 'host.fault.closed':
    case 'host.action.failed':
    case 'host.rebooting':
      return 'acting';
  }
}

/** What names the same thing on all controllers that see it. `self` is in it when no other sees it. */
export function keyOf({ type, node, run, data }: NotifiableEvent, self: string): string {
  switch (type) {
    case 'fault.opened':
    case 'fault.widened':
      return key(type, node, vmOf(data), text(data['check']));
    case 'gate.held':
      return key(type, node, gatesOf(data).join(','));
    case 'action.failed':
      return key(type, node, text(data['check']));
    case 'alert.raised':
      return key(type, node, text(data['text']));
    case 'membership.conflict':
      return key(type, text(data['version']));
    // Each controller asks for itself, and one answer is enough.
    case 'approval.asked':
    case 'fault.closed':
    case 'fault.exhausted':
      return key(type, node);
    case 'discovery.failed':
    case 'discovery.restored':
      return type;
    case 'rebuild.requested':
    case 'rebuild.claimed':
    case 'rebuild.failed':
    case 'rebuild.interrupted':
    case 'restore.requested':
    case 'restore.failed':
    case 'node.unregistered':
      return key(type, node, run);
    case 'hook.failed':
      return key(type, node, run, text(data['hook']));
    case 'restore.given_up':
      return key(type, self, node, text(data['check']));
    case 'fault.retry':
    case 'config.rejected':
    case 'controller.started':
    case 'controller.stalled':
    case 'pause.set':
    case 'pause.cleared':
      return key(type, self, node);
    case 'host.fault.opened':
    case 'host.fault.closed':
    case 'host.action.failed':
    case 'host.rebooting':
      return key(type, self, text(data['check']));
  }
}

/** What an event is called, and what follows from it. `self`: the controller that tells. */
export function wordingOf({ type, node, data }: NotifiableEvent, self: string): Wording {
  const name = node ?? 'NODE';
  switch (type) {
    case 'fault.opened':
      return { summary: `fault opened: ${causeOf(data)}`, next: null };
    case 'fault.widened':
      return {
        summary: `fault widened: ${causeOf(data)}`,
        next: `More may be done than before, up to a rebuild: regrow explain ${name}.`,
      };
    case 'fault.closed':
      return { summary: endOf(text(data['reason'])), next: 'Nothing is to be done.' };
    case 'fault.retry':
      return { summary: 'a rebuild failed, another one follows', next: null };
    case 'fault.exhausted':
      return {
        summary: `given up after ${text(data['attempts']) || 'so many'} rebuilds`,
        next: `A person is needed: mend the cause, then regrow resume ${name}.`,
      };
    case 'gate.held':
      return { summary: `rebuild held: ${holdsOf(data)}`, next: 'Nothing is rebuilt until the gates open.' };
    case 'approval.asked': {
      const run = runOf(data);
      return {
        summary: `a rebuild waits for approval${hasChecks(data) ? `: ${causeOf(data)}` : ''}`,
        next: `A person has to answer, on ${self}: regrow approve ${run}, or regrow reject ${run}.`,
      };
    }
    case 'action.failed':
      return {
        summary: `the action of check ${text(data['check'])} failed: ${text(data['detail'])}`,
        next: 'It is not taken again before the check has passed.',
      };
    case 'rebuild.requested':
      return { summary: `rebuild ordered by ${text(data['trigger'])}`, next: null };
    case 'rebuild.claimed':
      return { summary: 'rebuild begun', next: null };
    case 'rebuild.failed':
    case 'rebuild.interrupted':
      return { summary: failureOf(type, data), next: text(data['remedy']) || null };
    case 'restore.requested':
      return { summary: `restore ordered by ${text(data['trigger'])}`, next: null };
    case 'restore.failed':
      return { summary: failureOf(type, data), next: text(data['remedy']) || null };
    case 'restore.given_up': {
      const next = data['next'] === 'rebuild' ? 'It is to be rebuilt.' : `See to it, then regrow restore ${name}.`;
      return { summary: `check ${text(data['check'])} fails after ${text(data['restores'])} restores`, next };
    }
    case 'node.unregistered':
      return {
        summary: `it did not get the keys of a new node: ${text(data['message'])}`,
        next: `When it is back: regrow restore ${name}, from the machine that built the new node.`,
      };
    case 'hook.failed': {
      const isBefore = data['hook'] === 'before_rebuild';
      return {
        summary: `a playbook of hooks.${text(data['hook'])} failed: ${text(data['message'])}`,
        next: isBefore
          ? 'Nothing was fenced. The rebuild is tried again after its backoff.'
          : 'The rebuild stands: see to the playbook.',
      };
    }
    case 'discovery.failed':
      return {
        summary: `vCenter cannot be read: ${text(data['message'])}`,
        next: 'Nothing is rebuilt until it can be read.',
      };
    case 'discovery.restored':
      return { summary: 'vCenter can be read again', next: null };
    case 'membership.conflict':
      return {
        summary: `the members of the pool are in dispute: ${text(data['text'])}`,
        next: 'Nothing is rebuilt until a person has published other members: docs/operations.md, "A conflict".',
      };
    case 'config.rejected':
      return { summary: 'regrow.yml was not taken', next: 'The old configuration holds: regrow config check.' };
    case 'controller.started':
      return { summary: 'a controller started', next: null };
    case 'controller.stalled':
      return { summary: `a controller stood still for ${text(data['ms']) || '?'} ms`, next: null };
    case 'pause.set':
      return { summary: `paused by ${text(data['by'])}: ${text(data['reason'])}`, next: null };
    case 'pause.cleared':
      return { summary: 'a pause ended', next: null };
    case 'host.fault.opened': {
      const held = text(data['held']);
      return {
        summary: `its own check ${text(data['check'])} fails: ${text(data['detail'])}`,
        next: held === '' ? null : `What the check asks for is held: ${held}.`,
      };
    }
    case 'host.fault.closed':
      return { summary: `its own check ${text(data['check'])} succeeds again`, next: 'Nothing is to be done.' };
    case 'host.action.failed':
      return {
        summary: `${text(data['action'])} for its own check ${text(data['check'])} failed: ${text(data['detail'])}`,
        next: null,
      };
    case 'host.rebooting':
      return { summary: 'it reboots itself', next: 'The others rebuild it when it does not come back.' };
    case 'alert.raised':
      return { summary: text(data['text']), next: null };
  }
}

function causeOf(data: HappenedEvent['data']): string {
  const { checks, check, abandoned_by: by } = data;
  if (typeof by === 'string') return `half-done work of ${by} was left behind`;
  const failed = Array.isArray(checks) ? checks.filter((each) => typeof each === 'string') : [text(check)];
  const named = failed.filter((each) => each !== '');
  return named.length === 0 ? 'half-done work was left behind' : `${named.join(', ')} failed`;
}

function hasChecks({ checks }: HappenedEvent['data']): boolean {
  return Array.isArray(checks) && checks.length > 0;
}

function endOf(reason: string): string {
  switch (reason) {
    case 'rebuilt':
      return 'rebuilt and certified';
    case 'replaced':
      return 'replaced: another VM is certified';
    case 'answers':
      return 'healthy again: its checks pass';
    case 'removed':
      return 'taken out of the pool';
    case 'unobserved':
      return 'left to the controllers that observe it now';
    default:
      return 'fault closed';
  }
}

function failureOf(
  type: 'rebuild.failed' | 'rebuild.interrupted' | 'restore.failed',
  data: HappenedEvent['data'],
): string {
  const what = type.replace('.', ' ');
  const said = [text(data['class']), text(data['message'])].filter((each) => each !== '').join(': ');
  return said === '' ? what : `${what}: ${said}`;
}

function gatesOf(data: HappenedEvent['data']): readonly string[] {
  return holds(data).flatMap((hold) => ('gate' in hold && typeof hold.gate === 'string' ? [hold.gate] : []));
}

function holdsOf(data: HappenedEvent['data']): string {
  return holds(data)
    .flatMap((hold) => ('message' in hold && typeof hold.message === 'string' ? [hold.message] : []))
    .join('; ');
}

function holds(data: HappenedEvent['data']): readonly object[] {
  const all: readonly unknown[] = Array.isArray(data['holds']) ? data['holds'] : [];
  return all.flatMap((hold) => (typeof hold === 'object' && hold !== null ? [hold] : []));
}

/** The run that an event of the pool is about; empty when there is none. */
export function runOf({ run }: HappenedEvent['data']): string {
  return text(run);
}

/** The instance uuid of the VM that an event is about. */
export function vmOf({ vm }: HappenedEvent['data']): string {
  if (typeof vm !== 'object' || vm === null || !('instanceUuid' in vm)) return '';
  return text(vm.instanceUuid);
}

function key(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null && part !== '').join('/');
}

function text(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : '';
}
