import { readFileSync } from 'node:fs';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { journalView } from '../../../src/controller/journal-view.ts';
import type { RunDetail } from '../../../src/pool/run-report.ts';
import { intent, temporaryFolder, temporaryJournal } from '../store/folders.ts';
import { EventReader } from './event-reader.ts';
import { ask, served } from './fake-controller.ts';
import { nodeReport, poolReport } from './sample-report.ts';

interface Operation {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: AnySchemaObject }>> }>
  >;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: AnySchemaObject;
}

const token = 'hunter2';
const bearer = { authorization: `Bearer ${token}` };
// The formats date-time and uri are told, and not looked at.
const ajv = new Ajv2020({ strict: false, validateFormats: false });

describe('the OpenAPI document', () => {
  it('is valid, and has an operation of its own name for each route', async () => {
    const { document } = await described();
    const schema = JSON.parse(readFileSync(new URL('../../fixtures/openapi-3.1.schema.json', import.meta.url), 'utf8'));
    const isValid = ajv.compile(schema);
    void isValid(document);
    expect(isValid.errors).toBeNull();
    const ids = operationsOf(document).map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(['getStatus', 'getRunsIdEvents', 'getOpenapiJson']));
    expect((await ask((await described()).url, '/openapi.json?x=1')).status).toBe(400);
  });

  it('says what every operation answers, and what it answers with', async () => {
    const { url, document } = await described();
    for (const { path, operation } of operationsOf(document)) {
      for (const [type, { schema }] of Object.entries(operation.responses['200']?.content ?? {})) {
        if (type === 'text/event-stream') continue;
        const answer = await ask(url, path, { headers: { accept: type, ...bearer } });
        expect({ path, status: answer.status, type: answer.headers['content-type'] }).toMatchObject({
          status: 200,
          type: expect.stringContaining(type),
        });
        if (schema !== undefined) expectShape(document, schema, JSON.parse(answer.text), path);
      }
      if (operation.responses['200']?.content?.['text/event-stream'] !== undefined) {
        const reader = await EventReader.open(url, `${path}?after=0`);
        expect(reader.response.headers['content-type']).toContain('text/event-stream');
        const { data = '' } = await untilEvent(reader);
        expect(JSON.parse(data)).toMatchObject({ type: 'rebuild.fenced' });
      }
    }
  });

  it('tells of each refusal that there is', async () => {
    const { url, document } = await described();
    for (const { path, operation } of operationsOf(document)) {
      const problems: number[] = [];
      const refused = async (asked: string, headers: Record<string, string>): Promise<void> => {
        const answer = await ask(url, asked, { headers });
        const schema = operation.responses[String(answer.status)]?.content?.['application/problem+json']?.schema;
        expect({ asked, status: answer.status, isTold: schema !== undefined }).toMatchObject({ isTold: true });
        expectShape(document, schema ?? {}, JSON.parse(answer.text), asked);
        problems.push(answer.status);
      };
      if (path.includes('webbox1')) await refused(path.replace('webbox1', 'webbox9'), bearer);
      if (path.includes(run.id)) await refused(path.replace(run.id, '0'), bearer);
      if (operation.security.length > 0) await refused(path, {});
      for (const { name } of operation.parameters?.filter((each) => each.in === 'query') ?? [])
        await refused(`${path}?${name}=${'%20'.repeat(100)}`, bearer);
      const expected = [
        ...(operation.parameters?.some((each) => each.in === 'query') === true ? [400] : []),
        ...(operation.security.length > 0 ? [401] : []),
        ...(/webbox1|0123/.test(path) ? [404] : []),
      ];
      expect([...new Set(problems)].toSorted((a, b) => a - b)).toEqual(expected);
    }
  });
});

const run = intent('01234567890abc', { started_at: '2026-01-01T10:00:00.000Z' });

/** A controller that has something to tell of everything. */
async function described() {
  const state = temporaryFolder();
  const journal = temporaryJournal(state);
  journal.runs.insert(run);
  journal.events.append({
    at: '2026-01-01T10:00:01.000Z',
    run: run.id,
    node: 'webbox1',
    type: 'rebuild.fenced',
    data: {},
  });
  const gate = { gate: 'quorum', holds: true, message: 'one of three', facts: { voices: 1 } };
  const report = poolReport({
    nodes: [
      nodeReport('webbox1', { state: 'held', gates: [gate], holds: [{ gate: 'quorum', message: 'one of three' }] }),
    ],
  });
  const view = journalView(journal, state);
  const detail = await view.run(run.id);
  const whole: RunDetail | undefined = detail && {
    ...detail,
    tasks: [
      {
        step: 'fence',
        name: 'Power off',
        started_at: report.at,
        ended_at: null,
        outcome: null,
        failed_hosts: [],
        retries: 0,
        message: null,
      },
    ],
    decision: { at: report.at, gates: [gate] },
  };
  const { url } = await served({
    ...view,
    run: async (id) => (id === run.id ? whole : undefined),
    token: async () => token,
    report: () => report,
    observation: (node) =>
      node === 'webbox1' ? { node, vm: null, verdict: 'unknown', age_ms: null, trusted: true, checks: [] } : undefined,
    askControllers: async () => [
      { name: 'webbox2', reply: { kind: 'silent', reason: 'ECONNREFUSED' } },
      { name: 'webbox3', reply: { kind: 'answered', text: JSON.stringify(report) } },
    ],
  });
  const document: Document = JSON.parse((await ask(url, '/openapi.json')).text);
  return { url, document };
}

/** Each operation that reads, with its path filled in. */
function operationsOf({ paths }: Document) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method === 'get')
      .map(([, operation]) => ({ path: path.replace('{name}', 'webbox1').replace('{id}', run.id), operation })),
  );
}

function expectShape({ components }: Document, schema: AnySchemaObject, value: unknown, of: string): void {
  const isValid = ajv.compile({ ...schema, components });
  void isValid(value);
  expect({ of, errors: isValid.errors }).toEqual({ of, errors: null });
}

async function untilEvent(reader: EventReader) {
  for (;;) {
    const message = await reader.next();
    if (message['data'] !== undefined) return message;
  }
}
