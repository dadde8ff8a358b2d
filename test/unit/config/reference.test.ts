import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../../src/config/json-schema.ts';
import { configReference } from '../../../src/config/reference.ts';

describe('docs/configuration.md', () => {
  const page = configReference();

  it('is what scripts/generate-docs makes of the schema', () => {
    expect(readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')).toBe(page);
  });

  it('says of every key what it means', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(120);
    expect(rows.filter((line) => line.endsWith('|  |'))).toEqual([]);
  });

  it('says which names no node can have', () => {
    const row = page.split('\n').find((line) => line.startsWith('| `pool.nodes[].name`'));
    expect(row).toMatch(/Lower-case .*; reserved: all, ungrouped, localhost, pool, auto, none, self\. \|$/);
  });
});

describe('the JSON Schema', () => {
  it('names every section, requires what has no default, and allows no unknown key', () => {
    const schema = configJsonSchema();
    expect(schema['required']).toEqual(['pool', 'vcenter', 'image']);
    expect(schema['additionalProperties']).toBe(false);
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
  });
});
