import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { journalView } from '../../../src/controller/journal-view.ts';
import type { ControllerView } from '../../../src/http/controller-view.ts';
import type { RunDetail } from '../../../src/pool/run-report.ts';
import { intent, temporaryFolder, temporaryJournal } from '../store/folders.ts';
import { ask, served } from './fake-controller.ts';
import { nodeReport, poolReport } from './sample-report.ts';

/* A controller that tells of everything, and what its OpenAPI document says of it. */

/** One method of one path, as the document has it. */
export interface Operation {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: AnySchemaObject }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: AnySchemaObject }>> }>
  >;
}
/** The OpenAPI document, in what the tests look at. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: AnySchemaObject;
}

export const token = 'hunter2';
export const bearer = { authorization: `Bearer ${token}` };
// The formats date-time and uri are told, and not looked at.
export const ajv = new Ajv2020({ strict: false, validateFormats: false });

/** The run that the controller tells of. */
export const run = intent('01234567890abc', { started_at: '2026-01-01T10:00:00.000Z' });

/** A controller that has something to tell of everything. */
export async function described(more: Partial<ControllerView> = {}) {
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
      node === 'webbox1'
        ? {
            controller: 'webbox1',
            node,
            vm: null,
            verdict: 'unknown',
            age_ms: null,
            trusted: true,
            holds: [],
            checks: [],
          }
        : undefined,
    askControllers: async () => [
      { name: 'webbox2', reply: { kind: 'silent', reason: 'ECONNREFUSED' } },
      { name: 'webbox3', reply: { kind: 'answered', text: JSON.stringify(report) } },
    ],
    ...more,
  });
  const document: Document = JSON.parse((await ask(url, '/openapi.json')).text);
  return { url, document };
}

/** Each operation of that method, with its path filled in. */
export function operationsOf({ paths }: Document, wanted: 'get' | 'post') {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method === wanted)
      .map(([, operation]) => ({ path: path.replace('{name}', 'webbox1').replace('{id}', run.id), operation })),
  );
}

/** Holds a value against a schema of the document. */
export function expectShape({ components }: Document, schema: AnySchemaObject, value: unknown, of: string): void {
  const isValid = ajv.compile({ ...schema, components });
  void isValid(value);
  expect({ of, errors: isValid.errors }).toEqual({ of, errors: null });
}
