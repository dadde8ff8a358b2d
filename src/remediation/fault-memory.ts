import { toRecord } from '../ansible/event.ts';
import type { Approval, Course, Fault, NodeMemory } from '../pool/node-state.ts';
import type { Brake } from '../pool/brake.ts';
import { tellsOfRebuild } from '../pool/storm.ts';
import type { FaultRecord } from '../store/faults.ts';
import type { Journal } from '../store/journal.ts';
import type { ReconcilerMemory } from './reconciler.ts';

/** What the memory of faults needs beside the journal. */
export interface MemoryParts {
  readonly journal: Pick<Journal, 'faults' | 'nodes' | 'events' | 'atomically'>;
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
    rebuiltAt: () =>
      journal.events
        .lately(rebuildTypes, hourAgo(parts))
        .filter((event) => tellsOfRebuild(event))
        .map(({ at }) => agoOf(parts, at)),
    brake: (windowMs) => loadBrake(parts, windowMs),
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

/** Events that tell of a node that was rebuilt, by this controller or by another: the very ones that its state counts. */
const rebuildTypes = ['node.replaced', 'fault.closed'];
const stormTypes = ['storm.tripped', 'storm.over', 'storm.setback', 'pool.resumed'];

/** The storm brake as the events tell of it: what came last holds. */
function loadBrake(parts: MemoryParts, windowMs: number): Brake {
  const { events } = parts.journal;
  const since = new Date(parts.now().getTime() - windowMs).toISOString();
  const told = events.lately(stormTypes, '');
  const rebuilds = events.lately(rebuildTypes, since).filter((event) => tellsOfRebuild(event));
  const last = told.findLast(({ type }) => type !== 'storm.setback');
  const sinceThen = told.filter(({ id, type, at }) => type === 'storm.setback' && id > (last?.id ?? 0) && at >= since);
  const rebuilt = rebuilds.flatMap(({ node, at }) => (node === null ? [] : [[node, agoOf(parts, at)] as const]));
  const blank = { rebuilt: Object.fromEntries(rebuilt), setbacks: sinceThen.map(({ at }) => agoOf(parts, at)) };
  if (last?.type !== 'storm.tripped') return { ...blank, storm: null };
  const stirred = [last, ...sinceThen, ...rebuilds].map(({ at }) => agoOf(parts, at));
  const reason = typeof last.data['reason'] === 'string' ? last.data['reason'] : 'rebuilds did not help';
  return { ...blank, setbacks: [], storm: { reason, since: agoOf(parts, last.at), stirredAt: Math.max(...stirred) } };
}

/** A past wall time in the present's monotonic clock; one that a clock set back has put into the future is the present. */
function agoOf({ now, monotonicMs }: MemoryParts, iso: string): number {
  return monotonicMs() - Math.max(0, now().getTime() - Date.parse(iso));
}

/** An hour ago, or when the pool was last resumed. */
function hourAgo({ journal, now }: MemoryParts): string {
  const anHourAgo = new Date(now().getTime() - 60 * 60_000).toISOString();
  return journal.events.lately(['pool.resumed'], anHourAgo).at(-1)?.at ?? anHourAgo;
}

function loadMemories(parts: MemoryParts): Readonly<Record<string, NodeMemory>> {
  const { journal, bootId } = parts;
  const faults = new Map(journal.faults.latest().map((fault) => [fault.node, fault]));
  const ends = new Map(
    journal.events.lately(['fault.closed'], hourAgo(parts)).map(({ node, data }) => [node, data['reason']]),
  );
  const memories = parts.nodes().map((node): [string, NodeMemory] => {
    const known = journal.nodes.lastKnown(node);
    const seen = journal.nodes.get(node);
    const record = faults.get(node);
    const open = record?.closed_at === null ? record : undefined;
    const fault = open === undefined ? null : toFault(parts, open);
    // Of a node that was just rebuilt the journal may know no more than the VM that is gone: the new one is no news then.
    const isGone = ends.get(node) === 'rebuilt' && record?.instance_uuid === known?.instance_uuid;
    const lastSeen = known === undefined || isGone ? null : { moid: known.moid, instanceUuid: known.instance_uuid };
    return [
      node,
      {
        // The last VM of the name may be one that somebody is building; a fault is about the one that was judged.
        vm: fault === null ? lastSeen : fault.vm,
        isProven: known?.proven_boot === bootId,
        ...(seen === undefined ? {} : { seenAt: toPast(parts, seen.seen_at) }),
        fault,
        unhealthy: open?.unhealthy ?? [],
        attempts: record?.attempts ?? 0,
        lastAttemptAt: record?.last_attempt_at ? toPast(parts, record.last_attempt_at) : null,
      },
    ];
  });
  return Object.fromEntries(memories);
}

function toFaultRecord(parts: MemoryParts, node: string, memory: NodeMemory): FaultRecord | undefined {
  const { fault } = memory;
  if (fault === null) return undefined;
  const { course } = fault;
  return {
    node,
    moid: fault.vm?.moid ?? null,
    instance_uuid: fault.vm?.instanceUuid ?? null,
    opened_at: toIso(parts, fault.openedAt),
    closed_at: null,
    state: course.kind,
    course: courseJson(parts, course),
    approval: approvalJson(parts, fault.approval),
    acted: fault.acted,
    restores: fault.restores,
    unhealthy: memory.unhealthy,
    abandoned: fault.isAbandoned,
    ...attemptsOf(parts, memory),
  };
}

/** A time to come is kept as wall time, with how far away it was. */
function courseJson(parts: MemoryParts, course: Course): string {
  if (!('until' in course) || course.until === null) return JSON.stringify(course);
  return JSON.stringify({
    ...course,
    until: toIso(parts, course.until),
    within_ms: Math.max(0, course.until - parts.monotonicMs()),
  });
}

function approvalJson(parts: MemoryParts, approval: Approval | null): string | null {
  if (approval === null) return null;
  const withinMs = Math.max(0, approval.until - parts.monotonicMs());
  return JSON.stringify({ ...approval, until: toIso(parts, approval.until), within_ms: withinMs });
}

/** A question that no run waits for yet is asked anew, and a rejection is over when a person resumed the node meanwhile. */
function toApproval(
  parts: MemoryParts,
  { approval: json, state, moid, instance_uuid: uuid }: FaultRecord,
): Approval | null {
  const approval = json === null ? undefined : toRecord(JSON.parse(json));
  const { run, answer, by, reason } = approval ?? {};
  if (typeof run !== 'string' || (answer !== 'awaited' && answer !== 'given' && answer !== 'rejected')) return null;
  if (answer === 'rejected' && state === 'resumed') return null;
  const vm = moid !== null && uuid !== null ? { moid, instanceUuid: uuid } : null;
  const said = { by: typeof by === 'string' ? by : null, reason: typeof reason === 'string' ? reason : '' };
  return { vm, run, answer, ...said, until: untilOf(parts, approval) };
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
    openedAt: toPast(parts, record.opened_at),
    vm,
    acted: record.acted,
    restores: record.restores,
    isAbandoned: record.abandoned,
    course: toCourse(parts, record),
    approval: toApproval(parts, record),
    decided: null,
  };
}

/**
 * Where a fault stands after a restart. A run is settled from the journal's runs before the first event. A turn, a look and a hold
 * of this controller's own are asked for anew.
 */
function toCourse(parts: MemoryParts, { state, course: json }: FaultRecord): Course {
  const course = toRecord(JSON.parse(json));
  const until = untilOf(parts, course);
  switch (state) {
    case 'running': {
      const run = course?.['run'];
      return { kind: 'running', run: typeof run === 'string' ? run : null };
    }
    case 'restoring': {
      const [run, checks] = [course?.['run'], course?.['checks']];
      return {
        kind: 'restoring',
        run: typeof run === 'string' ? run : null,
        checks: Array.isArray(checks) ? checks.filter((check) => typeof check === 'string') : [],
      };
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

/** Something that has happened. The wall clock may have been set back since then. */
function toPast(parts: MemoryParts, iso: string): number {
  return parts.monotonicMs() + Math.min(0, distanceTo(parts, iso));
}

/** The end of a wait. However the wall clock was set, it is no longer than what was left of it when it was written. */
function untilOf(parts: MemoryParts, course: Readonly<Record<string, unknown>> | undefined): number {
  const { until, within_ms: withinMs } = course ?? {};
  if (typeof until !== 'string') return parts.monotonicMs();
  const longest = typeof withinMs === 'number' ? withinMs : 0;
  return parts.monotonicMs() + Math.min(distanceTo(parts, until), longest);
}

function distanceTo(parts: MemoryParts, iso: string): number {
  const distance = Date.parse(iso) - parts.now().getTime();
  return Number.isFinite(distance) ? distance : 0;
}
