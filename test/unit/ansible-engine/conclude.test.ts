import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concludeRun, lastError } from '../../../src/ansible/conclude.ts';
import type { Traces } from '../../../src/ansible/conclude.ts';
import type { HostStats } from '../../../src/ansible/event.ts';
import type { FailedTask, RunRecord } from '../../../src/ansible/run-record.ts';

const passed: HostStats = { ok: 1, failures: 0, unreachable: 0, changed: 0, skipped: 0, rescued: 0, ignored: 0 };
const nothing: RunRecord = {
  stats: undefined,
  custom: {},
  failures: [],
  running: [],
  lastTask: undefined,
  hasStarted: true,
  isNoHostMatched: false,
};

function traces(record: Partial<RunRecord>, more: Partial<Traces> = {}): Traces {
  return { record: { ...nothing, ...record }, expectedHosts: ['a'], rc: 0, signal: null, output: '', ...more };
}

function failure(host: string, name: string, section: 'rescue' | 'always' | null = null): FailedTask {
  const task = { id: name, name, action: 'x', path: '', role: null, step: null, failure: null, section };
  return {
    host,
    task,
    isUnreachable: false,
    message: 'why',
    moduleStderr: null,
    exception: null,
    rc: null,
    regrow: null,
    isTruncated: false,
  };
}

describe('the verdict', () => {
  it('is ok only with stats, no failure, every expected host, and no exit code that says otherwise', () => {
    const counter = fc.integer({ min: 0, max: 2 });
    const counters = fc.record({
      ok: counter,
      failures: counter,
      unreachable: counter,
      changed: counter,
      skipped: counter,
      rescued: counter,
      ignored: counter,
    });
    const anyTraces = fc.record({
      stats: fc.option(fc.dictionary(fc.constantFrom('a', 'b', 'c'), counters), { nil: undefined }),
      rc: fc.option(fc.constantFrom(0, 1, 2, 4, 99, 120, 250)),
      signal: fc.constantFrom(null, 'SIGKILL'),
      stop: fc.constantFrom(undefined, { by: 'cancel' as const, reason: 'x' }),
    });
    fc.assert(
      fc.property(anyTraces, ({ stats, rc, signal, stop }) => {
        const end = concludeRun(traces({ stats }, { rc, signal, stop, expectedHosts: ['a', 'b'] }));
        const hosts = Object.values(stats ?? {});
        const hasPassed =
          stats?.a !== undefined &&
          stats.b !== undefined &&
          hosts.every((host) => host.failures === 0 && host.unreachable === 0) &&
          (rc === 0 || rc === null);
        expect(end.kind === 'ok').toBe(hasPassed);
        expect(end.message).not.toBe('');
      }),
    );
  });

  it('names a host that was expected and not attempted', () => {
    expect(concludeRun(traces({ stats: { b: passed } }))).toMatchObject({
      kind: 'not_attempted',
      message: 'Nothing was done on a.',
    });
  });

  it('blames the failure that led into a rescue, not one within it, and the host that failed first', () => {
    const failures = [
      failure('a', 'recovered'),
      failure('a', 'deploy'),
      failure('a', 'clean up', 'rescue'),
      failure('b', 'other'),
      failure('a', 'bye', 'always'),
    ];
    const stats = { a: { ...passed, failures: 1, rescued: 2 }, b: { ...passed, failures: 1 } };
    expect(concludeRun(traces({ stats, failures }, { rc: 2 }))).toMatchObject({
      kind: 'failed',
      failed: { host: 'a', task: { name: 'deploy' } },
      message: '"deploy" failed on a: why (b: failed too)',
    });
  });

  it('blames nothing that was rescued when an unreachable host ended the run', () => {
    const stats = { a: { ...passed, rescued: 1 }, b: { ...passed, unreachable: 1 } };
    const away = { ...failure('b', 'connect'), isUnreachable: true };
    const end = concludeRun(traces({ stats, failures: [failure('a', 'rescued'), away] }, { rc: 4 }));
    expect(end).toMatchObject({ kind: 'unreachable', failed: { host: 'b', task: { name: 'connect' } } });
  });

  it.each([{ _run: { regrow: { moid: 'vm-1' } } }, { regrow: { moid: 'vm-1' } }])('finds the facts in %j', (custom) => {
    expect(concludeRun(traces({ stats: { a: passed }, custom })).custom).toEqual({ moid: 'vm-1' });
  });
});

describe("Ansible's last error", () => {
  it.each([
    ['noise\n[ERROR]: the role was not found\nOrigin: x.yml:4:4\n', 'the role was not found Origin: x.yml:4:4'],
    ['ERROR! first\n\nERROR! second', 'second'],
    ['Traceback\n  File "x"\nKeyError: 7', 'KeyError: 7'],
    ['TASK [ERROR! is only quoted]', ''],
    ['', ''],
  ])('in %j is %j', (output, expected) => expect(lastError(output)).toBe(expected));

  it('is cut to a readable length', () =>
    expect(lastError(`ERROR! ${'x'.repeat(9_000)}`).length).toBeLessThanOrEqual(400));
});
