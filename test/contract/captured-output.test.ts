import { describe, expect, it } from 'vitest';
import { classifyFailure } from '../../src/ansible/classify.ts';
import { concludeRun } from '../../src/ansible/conclude.ts';
import { LineSplitter } from '../../src/ansible/line-splitter.ts';
import { parsePosixDocument, parsePosixLine } from '../../src/ansible/posix-json.ts';
import type { RunEnd } from '../../src/ansible/run-end.ts';
import type { RunEvent } from '../../src/ansible/event.ts';
import { recordRun } from '../../src/ansible/run-record.ts';
import { capturedRun, caseNames, cores } from './captured-cases.ts';
import type { CapturedRun } from './captured-cases.ts';
import { judgements } from './judgements.ts';
import type { JudgedCase, Judgement } from './judgements.ts';

describe.each(cores)('output of ansible.posix captured with core %s', (core) => {
  it('is judged by hand for every case', () => {
    expect(caseNames(core).filter((name) => judgements[name] === undefined)).toEqual([]);
  });

  it.each(caseNames(core))('%s: the jsonl lines lead to what a person would say', async (name) => {
    const run = capturedRun(core, name, 'jsonl');
    const judged = judgements[name];
    if (run === undefined || judged === undefined) throw new Error(`no capture or no judgement of ${name}`);
    const end = await conclude(run, judged, jsonlEvents(run.stdout));
    expectJudgement(end, judged.on?.[core] ?? judged);
  });

  const documents = caseNames(core).flatMap((name) => {
    const run = capturedRun(core, name, 'json');
    const events = run && parsePosixDocument(run.stdout.toString('utf8'));
    return run !== undefined && events !== undefined ? [{ name, run, events }] : [];
  });

  it('was printed as one json document by every run that came to its end', () => {
    expect(documents.length).toBeGreaterThanOrEqual(40);
  });

  it.each(documents)('$name: the json document leads to the same', async ({ name, run, events }) => {
    const judged = judgements[name];
    if (judged === undefined) throw new Error(`no judgement of ${name}`);
    expectJudgement(await conclude(run, judged, events), judged.on?.[core] ?? judged);
  });

  it('keeps what set_stats left', async () => {
    const run = capturedRun(core, '22-stats', 'jsonl');
    const record = await recordRun(jsonlEvents(run?.stdout ?? Buffer.alloc(0)));
    expect(record.custom).toEqual({ vm01: { uuid: 'u-vm01' }, vm02: { uuid: 'u-vm02' }, _run: { moid: 'vm-123' } });
  });
});

function conclude(run: CapturedRun, judged: JudgedCase, events: Iterable<RunEvent>): Promise<RunEnd> {
  return recordRun(events).then((record) =>
    concludeRun({
      record,
      expectedHosts: judged.hosts,
      rc: run.rc,
      signal: run.signal,
      output: run.stdout.subarray(-32_768).toString('utf8') + run.stderr,
    }),
  );
}

function expectJudgement(end: RunEnd, judgement: Judgement): void {
  expect({ kind: end.kind, message: end.message }).toEqual({ kind: judgement.kind, message: expect.any(String) });
  const failed = end.failed && [end.failed.host, end.failed.task.name];
  if (judgement.failed !== undefined || end.kind === 'ok') expect(failed).toEqual(judgement.failed);
  if (judgement.says !== undefined) expect(end.message).toMatch(judgement.says);
  if (judgement.class !== undefined) expect(classifyFailure(end)).toBe(judgement.class);
}

function* jsonlEvents(stdout: Buffer): Generator<RunEvent> {
  const splitter = new LineSplitter();
  for (const line of splitter.push(stdout)) yield* parsePosixLine(line);
  const torn = splitter.end();
  if (torn !== undefined) yield* parsePosixLine(torn);
}
