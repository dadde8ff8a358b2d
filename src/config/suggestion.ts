import { entriesOf, itemsOf, member } from './document.ts';
import { configJsonSchema } from './json-schema.ts';
import { nearest } from './nearest.ts';

/** What to write instead of an unknown key: the nearest known one, or all that are known there. */
export function suggestion(path: readonly PropertyKey[]): string {
  const key = String(path.at(-1) ?? '');
  const known = knownKeys(path.slice(0, -1));
  const near = nearest(key, known);
  if (near !== undefined) return `: did you mean ${near}?`;
  return known.length === 0 ? '' : `: expected one of ${known.join(', ')}`;
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  let schemas: unknown[] = [configJsonSchema()];
  for (const step of path) schemas = schemas.flatMap(branches).flatMap((schema) => below(schema, step));
  const keys = schemas
    .flatMap(branches)
    .flatMap((schema) => entriesOf(member(schema, 'properties')).map(([key]) => key));
  return [...new Set(keys)];
}

/** The alternatives of a schema, or the schema itself. */
function branches(schema: unknown): unknown[] {
  const alternatives = [...itemsOf(member(schema, 'anyOf')), ...itemsOf(member(schema, 'oneOf'))];
  return alternatives.length === 0 ? [schema] : alternatives.flatMap(branches);
}

function below(schema: unknown, step: PropertyKey): unknown[] {
  const property = member(member(schema, 'properties'), step);
  if (property !== undefined) return [property];
  const rest = typeof step === 'number' ? member(schema, 'items') : member(schema, 'additionalProperties');
  return typeof rest === 'object' ? [rest] : [];
}
