import { toRecord } from '../ansible/event.ts';
import type { Course, Fault, NodeMemory } from '../pool/node-state.ts';
import type { FaultRecord } from '../store/faults.ts';
import type { Journal } from '../store/journal.ts';
import type { ReconcilerMemory } from './reconciler.ts';

/** What the memory of faults needs beside the journal. */
export interface MemoryParts {
  readonly journal: Journal;
  /** Monotonic milliseconds, as in the states. */
  readonly monotonicMs: () => number;
  /** Wall time, for what outlives this boot. */
  readonly now: () => Date;
  readonly bootId: string;
  /** Names of the pool's nodes. */
  readonly nodes: () => readonly string[];
}

/**
 * The journal as the reconciler's memory. Times are kept as wall time, since a monotonic clock ends with its boot: a wait that a
 * restart finds is cut to its own length, whatever happened to the wall clock.
 */
export function faultMemory(parts: MemoryParts): ReconcilerMemory {
  const { journal, bootId } = parts;
  return {
    load: () => loadMemories(parts),
    save: (node, memory) => {
      const record = toFaultRecord(parts, node, memory);
      if (record === undefined) journal.faults.close(node, parts.now().toISOString(), attemptsOf(parts, memory));
      else journal.faults.save(record);
      if (memory.isProven && memory.vm !== null) journal.nodes.prove(node, memory.vm.instanceUuid, bootId);
    },
    record: (node, type, data) => {
      journal.events.append({ at: parts.now().toISOString(), node, type, data });
    },
    atomically: (body) => journal.atomically(body),
  };
}

function loadMemories(parts: MemoryParts): Readonly<Record<string, NodeMemory>> {
  const { journal, bootId } = parts;
  const faults = new Map(journal.faults.latest().map((fault) => [fault.node, fault]));
  const memories = parts.nodes().map((node): [string, NodeMemory] => {
    const known = journal.nodes.lastKnown(node);
    const record = faults.get(node);
    const fault = record === undefined || record.closed_at !== null ? null : toFault(parts, record);
    const vm = known === undefined ? null : { moid: known.moid, instanceUuid: known.instance_uuid };
    return [
      node,
      {
        // Under a fault the last VM that was seen may be the one that is being built.
        vm: fault?.vm ?? vm,
        isProven: known?.proven_boot === bootId,
        fault,
        unhealthy: record === undefined || record.closed_at !== null ? [] : record.unhealthy,
        attempts: record?.attempts ?? 0,
        lastAttemptAt: record?.last_attempt_at ? toMonotonic(parts, record.last_attempt_at) : null,
      },
    ];
  });
  return Object.fromEntries(memories);
}

function toFaultRecord(parts: MemoryParts, node: string, memory: NodeMemory): FaultRecord | undefined {
  const { fault } = memory;
  if (fault === null) return undefined;
  const { course } = fault;
  const until = 'until' in course && course.until !== null ? toIso(parts, course.until) : undefined;
  return {
    node,
    moid: fault.vm?.moid ?? null,
    instance_uuid: fault.vm?.instanceUuid ?? null,
    opened_at: toIso(parts, fault.openedAt),
    closed_at: null,
    state: course.kind,
    course: JSON.stringify(until === undefined ? course : { ...course, until }),
    acted: fault.acted,
    unhealthy: memory.unhealthy,
    abandoned: fault.isAbandoned,
    ...attemptsOf(parts, memory),
  };
}

function attemptsOf(
  parts: MemoryParts,
  { attempts, lastAttemptAt }: NodeMemory,
): Pick<FaultRecord, 'attempts' | 'last_attempt_at'> {
  return { attempts, last_attempt_at: lastAttemptAt === null ? null : toIso(parts, lastAttemptAt) };
}

function toFault(parts: MemoryParts, record: FaultRecord): Fault {
  const vm =
    record.moid !== null && record.instance_uuid !== null
      ? { moid: record.moid, instanceUuid: record.instance_uuid }
      : null;
  return {
    openedAt: toMonotonic(parts, record.opened_at),
    vm,
    acted: record.acted,
    isAbandoned: record.abandoned,
    course: toCourse(parts, record),
  };
}

/**
 * Where a fault stands after a restart. A run is settled from the journal's runs before the first event. A turn, a look and a hold
 * of this controller's own are asked for anew.
 */
function toCourse(parts: MemoryParts, { state, course: json }: FaultRecord): Course {
  const course = toRecord(JSON.parse(json));
  const until = typeof course?.['until'] === 'string' ? toMonotonic(parts, course['until']) : parts.monotonicMs();
  switch (state) {
    case 'running': {
      const run = course?.['run'];
      return { kind: 'running', run: typeof run === 'string' ? run : null };
    }
    case 'waiting':
      return course?.['reason'] === 'backoff' ? { kind: 'waiting', reason: 'backoff', until } : { kind: 'watching' };
    case 'exhausted':
      return { kind: 'exhausted' };
    case 'held':
      return heldCourse(course, until);
    default:
      return { kind: 'watching' };
  }
}

function heldCourse(course: Readonly<Record<string, unknown>> | undefined, until: number): Course {
  if (course === undefined || course['isOurs'] !== false) return { kind: 'watching' };
  const holds = Array.isArray(course['holds']) ? course['holds'] : [];
  return {
    kind: 'held',
    isOurs: false,
    until: course['until'] === null ? null : until,
    holds: holds.flatMap((each) => {
      const hold = toRecord(each);
      const [gate, message] = [hold?.['gate'], hold?.['message']];
      return typeof gate === 'string' && typeof message === 'string' ? [{ gate, message, forceable: false }] : [];
    }),
  };
}

function toIso(parts: MemoryParts, monotonicMs: number): string {
  return new Date(parts.now().getTime() + monotonicMs - parts.monotonicMs()).toISOString();
}

/** A clock that was set back must not make a wait longer than it ever was. */
const longestWaitMs = 24 * 60 * 60 * 1000;

function toMonotonic(parts: MemoryParts, iso: string): number {
  const distance = Date.parse(iso) - parts.now().getTime();
  return parts.monotonicMs() + Math.min(Number.isFinite(distance) ? distance : 0, longestWaitMs);
}
