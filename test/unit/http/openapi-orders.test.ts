import { describe, expect, it } from 'vitest';
import type { ControllerOrders } from '../../../src/http/controller-orders.ts';
import type { OrderResult } from '../../../src/pool/order.ts';
import { ajv, bearer, described, expectShape, operationsOf, run, type Document, type Operation } from './described.ts';
import { ask, type HttpAnswer } from './fake-controller.ts';

/** A good value of each member that a body may have. */
const good: Readonly<Record<string, unknown>> = {
  reason: 'new disk',
  by: 'alice',
  confirm: 'webbox1',
  trigger: 'api',
  force: ['paused'],
  dry_run: true,
  judged: 'vm-7/5031c3d8-aaaa',
  local: true,
  for: '30m',
};

const accepted: OrderResult = { kind: 'accepted', run: run.id, node: 'webbox1', status: 'running', more: { since: 1 } };

describe('each operation that orders, as the OpenAPI document tells of it', () => {
  it('takes every member that the document has, none at all, and no body; and answers as the document says', async () => {
    const orders = await ordersOf(accepted);
    expect(orders.operations.map(({ path }) => path)).toHaveLength(9);
    for (const { path, operation } of orders.operations) {
      expect(Object.keys(good)).toEqual(expect.arrayContaining([...membersOf(operation)]));
      const whole = Object.fromEntries(membersOf(operation).map((name) => [name, good[name]]));
      expect({ path, isTold: isTold(operation, whole) }).toEqual({ path, isTold: true });
      for (const body of [JSON.stringify(whole), '{}', '']) {
        const answer = await orders.post(path, body);
        expect({ path, body, status: answer.status }).toEqual({ path, body, status: 202 });
        expectTold(orders.document, operation, answer, path);
        expect(JSON.parse(answer.text)).toMatchObject({ run: run.id, node: 'webbox1', status: 'running' });
      }
    }
  });

  it('refuses with 400 each body that the document rules out, and says so as it says', async () => {
    const orders = await ordersOf(accepted);
    for (const { path, operation } of orders.operations) {
      const wrong = [
        ...membersOf(operation).flatMap((name) => [{ [name]: { a: 1 } }, { [name]: null }, { [name]: 7 }]),
        ...['reason', 'by'].map((name) => ({ [name]: 'x'.repeat(1_001) })),
        { token: 'x' },
        [],
        'restart',
      ];
      for (const body of wrong) {
        expect({ path, body, isTold: isTold(operation, body) }).toEqual({ path, body, isTold: false });
        const answer = await orders.post(path, JSON.stringify(body));
        expect({ path, body, status: answer.status }).toEqual({ path, body, status: 400 });
        expectTold(orders.document, operation, answer, path);
      }
    }
  });

  it.each<[string, OrderResult, number]>([
    ['nobody knows its node or run', { kind: 'unknown', message: 'no such thing' }, 404],
    ['something else is under way', { kind: 'conflict', message: 'busy', facts: { run: run.id } }, 409],
    ['a gate holds', { kind: 'refused', gate: 'paused', message: 'paused by alice', facts: {} }, 422],
  ])('tells that %s', async (_, result, status) => {
    const orders = await ordersOf(result);
    for (const { path, operation } of orders.operations) {
      const answer = await orders.post(path, '{}');
      expect({ path, status: answer.status }).toEqual({ path, status });
      expectTold(orders.document, operation, answer, path);
    }
  });

  it.each<[string, Record<string, string>, string, number]>([
    ['without a token', { authorization: '' }, '{}', 401],
    ['with a wrong token', { authorization: 'Bearer hunter3' }, '{}', 401],
    ['with a body that is no JSON', {}, '{"reason":', 400],
    ['with a body of another type', { 'content-type': 'text/plain' }, 'reason', 415],
    ['with a body that is too long', {}, JSON.stringify({ reason: 'x'.repeat(20_000) }), 413],
  ])('is refused %s', async (_, headers, body, status) => {
    const orders = await ordersOf(accepted);
    for (const { path, operation } of orders.operations) {
      const answer = await orders.post(path, body, headers);
      expect({ path, status: answer.status }).toEqual({ path, status });
      expectTold(orders.document, operation, answer, path);
    }
    expect(orders.given).toBe(0);
  });

  it('is refused to everybody where no token is configured', async () => {
    const orders = await ordersOf(accepted, null);
    for (const { path, operation } of orders.operations) {
      const answer = await orders.post(path, '{}');
      expect({ path, status: answer.status }).toEqual({ path, status: 403 });
      expectTold(orders.document, operation, answer, path);
    }
  });
});

/** A controller whose orders all come to the same. */
async function ordersOf(result: OrderResult, token: string | null = 'hunter2') {
  let given = 0;
  const give = async (): Promise<OrderResult> => {
    given += 1;
    return result;
  };
  const orders: ControllerOrders = {
    rebuild: give,
    restore: give,
    pause: give,
    resume: give,
    approve: give,
    reject: give,
    cancel: give,
  };
  const { url, document } = await described({ orders, token: async () => token });
  return {
    document,
    operations: operationsOf(document, 'post'),
    get given() {
      return given;
    },
    post: (path: string, body: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
      ask(url, path, { method: 'POST', headers: { ...bearer, 'content-type': 'application/json', ...headers }, body }),
  };
}

function bodyOf({ requestBody }: Operation) {
  return requestBody?.content['application/json']?.schema ?? {};
}

function membersOf(operation: Operation): readonly string[] {
  return Object.keys(bodyOf(operation)['properties'] ?? {});
}

function isTold(operation: Operation, body: unknown): boolean {
  const isValid = ajv.compile(bodyOf(operation));
  void isValid(body);
  return isValid.errors === null;
}

/** The answer has a status, a type and a shape that the document tells of. */
function expectTold(document: Document, { responses }: Operation, answer: HttpAnswer, path: string): void {
  const type = String(answer.headers['content-type']).split(';')[0] ?? '';
  const schema = responses[String(answer.status)]?.content?.[type]?.schema;
  expect({ path, status: answer.status, type, isTold: schema !== undefined }).toMatchObject({ isTold: true });
  expectShape(document, schema ?? {}, JSON.parse(answer.text), path);
}
