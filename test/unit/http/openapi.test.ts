import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ajv, bearer, described, expectShape, operationsOf, run } from './described.ts';
import { EventReader } from './event-reader.ts';
import { ask } from './fake-controller.ts';

describe('the OpenAPI document', () => {
  it('is valid, and has an operation of its own name for each route', async () => {
    const { document } = await described();
    const schema = JSON.parse(readFileSync(new URL('../../fixtures/openapi-3.1.schema.json', import.meta.url), 'utf8'));
    const isValid = ajv.compile(schema);
    void isValid(document);
    expect(isValid.errors).toBeNull();
    const ids = operationsOf(document, 'get').map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(['getStatus', 'getRunsIdEvents', 'getOpenapiJson']));
    expect((await ask((await described()).url, '/openapi.json?x=1')).status).toBe(400);
  });

  it('says what every operation answers, and what it answers with', async () => {
    const { url, document } = await described();
    for (const { path, operation } of operationsOf(document, 'get')) {
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
    for (const { path, operation } of operationsOf(document, 'get')) {
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

async function untilEvent(reader: EventReader) {
  for (;;) {
    const message = await reader.next();
    if (message['data'] !== undefined) return message;
  }
}
