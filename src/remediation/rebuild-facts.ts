import { parseObject, toRecord, type ResultEvent, type RunEvent } from '../ansible/event.ts';
import type { RunChange, RunPhase } from '../store/runs.ts';

/** A step of the protocol that was seen done: what the journal keeps of it. */
export interface ProtocolFact {
  readonly type: string;
  readonly node: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly change: RunChange;
}

/** What an event of a run tells about the protocol; undefined for the many that tell nothing. */
export function protocolFact(event: RunEvent): ProtocolFact | undefined {
  if (event.e !== 'ok') return undefined;
  const facts = toRecord(event.res['regrow']);
  const fact = (type: string, data: Record<string, unknown>, change: RunChange = {}): ProtocolFact => ({
    type,
    node: event.host,
    data,
    change,
  });
  const { step, action } = event.task;
  if (action === 'community.vmware.vmware_guest' && step !== null) return annotatedOrDestroyed(event, fact);
  if (facts === undefined) return undefined;
  if (action === 'regrow_incident' && facts['status'] === 'claimed') {
    const judged = toRecord(facts['judged']);
    const { incident, generation } = facts;
    return fact(
      'rebuild.claimed',
      { incident, generation, judged: judged ?? null, plan: facts['plan'] },
      {
        incident: text(incident),
        generation: typeof generation === 'number' ? generation : undefined,
        old_moid: text(judged?.['moid']),
        old_uuid: text(judged?.['instance_uuid']),
      },
    );
  }
  if (action === 'regrow_incident' && facts['won'] === true)
    return fact('rebuild.committed', { commit: facts['commit'] });
  if (action === 'regrow_incident' && facts['decision'] === 'abort') {
    return fact('rebuild.aborted', { incident: facts['incident'], generation: facts['generation'] });
  }
  if (action !== 'regrow_vm') return undefined;
  const vm = toRecord(facts['vm']);
  if (step === 'fence' && 'gone' in facts)
    return fact('rebuild.fenced', { gone: facts['gone'], name: vm?.['name'] ?? null });
  if (facts['ours'] === true) {
    const identity = { moid: vm?.['moid'], instance_uuid: vm?.['instance_uuid'] };
    return fact('rebuild.created', identity, { new_moid: text(identity.moid), new_uuid: text(identity.instance_uuid) });
  }
  const address = text(facts['address']);
  return address === undefined ? undefined : fact('rebuild.addressed', { address }, { address });
}

/** A node that did not get the new node's keys: it cannot restore or supply that one. It says nothing of the rebuild. */
export function unregisteredFact(event: RunEvent): ProtocolFact | undefined {
  if ((event.e !== 'failed' && event.e !== 'unreachable') || event.task.step !== 'register') return undefined;
  const message = text(event.res['msg']) ?? `${event.task.name}: ${event.e}`;
  return { type: 'node.unregistered', node: event.host, data: { message }, change: {} };
}

/** What became of the user's own playbooks around the rebuild. */
export function hookFact(event: RunEvent): ProtocolFact | undefined {
  if (event.e !== 'ok') return undefined;
  const hook = /(?:^| : )Run the hooks (before|after) the rebuild$/.exec(event.task.name)?.[1];
  if (hook === undefined) return undefined;
  const said = parseObject(text(event.res['stdout']) ?? '');
  const isOk = event.res['rc'] === 0;
  const data = {
    hook: `${hook}_rebuild`,
    message: text(said?.['message']) ?? 'the hooks were killed, or could not be started',
    output: text(said?.['output']) ?? text(event.res['stderr']) ?? '',
  };
  return { type: isOk ? 'hook.done' : 'hook.failed', node: event.host, data, change: {} };
}

function annotatedOrDestroyed(
  event: ResultEvent,
  fact: (type: string, data: Record<string, unknown>) => ProtocolFact,
): ProtocolFact {
  return /^(?:.* : )?Write the certifying note$/.test(event.task.name)
    ? fact('rebuild.certified', { changed: event.res['changed'] === true })
    : fact('rebuild.destroyed', { changed: event.res['changed'] === true, step: event.task.step });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Whether an event tells that the old VM was powered off, or proven to be off. */
export function isFencing(event: RunEvent): event is Extract<RunEvent, ResultEvent> {
  if (event.e !== 'ok' || event.task.step !== 'fence') return false;
  if (event.task.action !== 'regrow_vm') return false;
  const said = toRecord(event.res['regrow']);
  return said?.['status'] === 'off' || said?.['gone'] === false;
}

/** The phases of a run after an event; the same list when the event begins none. Times are the event's. */
export function phasesAfter(phases: readonly RunPhase[], event: RunEvent): readonly RunPhase[] {
  if (event.e !== 'task_start') return phases;
  const { step } = event.task;
  const last = phases.at(-1);
  if (step === null || last?.step === step) return phases;
  const at = isoOf(event.t);
  return [...endPhases(phases, at, 'ok'), { step, started_at: at, ended_at: null, result: null }];
}

/** The phases with the open one closed. */
export function endPhases(phases: readonly RunPhase[], at: string, result: 'ok' | 'failed'): readonly RunPhase[] {
  return phases.map((phase) => (phase.ended_at === null ? { ...phase, ended_at: at, result } : phase));
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
