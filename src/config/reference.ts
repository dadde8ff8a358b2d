import { entriesOf, itemsOf, member } from './document.ts';
import { configJsonSchema } from './json-schema.ts';

/** The reference page of regrow.yml (docs/configuration.md), made from the schema. */
export function configReference(): string {
  const schema = configJsonSchema();
  const sections = entriesOf(schema['properties']).map(([key, value]) => section(key, value, required(schema)));
  return [introduction, ...sections].join('\n');
}

const introduction = `# Configuration: regrow.yml

<!-- Generated from src/config/schema.ts by scripts/generate-docs. Do not edit. -->

\`/etc/regrow/regrow.yml\`, or the file that \`--config\` or \`REGROW_CONFIG\` names. \`regrow config check\` says everything that is wrong with
it at once, each with line and column; \`regrow config show\` prints the effective values, secrets hidden;
\`regrow config schema\` prints the JSON Schema for editors.

- Durations: \`500ms\`, \`20s\`, \`5m\`, \`1h\`, \`2d\`. Sizes: \`512MiB\`, \`2GiB\`. Percentages: \`90%\`.
- Secrets: \`{env: NAME}\`, \`{file: /path}\` (a newline at the end is cut off); a literal works, with a warning.
- Paths are absolute, without \`.\` or \`..\` parts.
- YAML 1.2 without tags and merge keys; a key may occur once; unknown keys are refused.
- A node in \`pool.nodes\` is a name, or a mapping that overrides values for that node. Mappings are merged key by key, save
  \`vcenter.networks\`, which is replaced. A check of the node with the value \`null\` is left out.
`;

function section(key: string, schema: unknown, requiredKeys: readonly string[]): string {
  const rows = rowsOf(key, schema, requiredKeys.includes(key));
  const title = `## \`${key}\`\n\n${describe(schema)}\n`;
  return `${title}\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** One row for a value, and the rows of what is in it. */
function rowsOf(path: string, schema: unknown, isRequired: boolean): string[] {
  const own = row(path, schema, isRequired);
  const below = childrenOf(path, schema);
  return isPlainMapping(schema) ? below : [own, ...below];
}

function childrenOf(path: string, schema: unknown): string[] {
  if (member(schema, 'x-kind') !== undefined) return [];
  const alternatives = branches(schema);
  if (alternatives.length > 1)
    return alternatives.every(typeOf) ? typedRows(path, alternatives) : untypedRows(path, alternatives);
  const only = alternatives[0];
  const item = member(only, 'items');
  const rest = member(only, 'additionalProperties');
  return [
    ...propertyRows(path, only, () => true),
    ...(item === undefined ? [] : childrenOf(`${path}[]`, item)),
    ...(typeof rest === 'object' && rest !== null ? childrenOf(`${path}.NAME`, rest) : []),
  ];
}

function untypedRows(path: string, alternatives: readonly unknown[]): string[] {
  return alternatives.flatMap((branch) => childrenOf(path, branch));
}

/** Checks: what each type has for itself, and then once what all have. */
function typedRows(path: string, alternatives: readonly unknown[]): string[] {
  const shared = (key: string): boolean =>
    alternatives.every((each) => member(member(each, 'properties'), key) !== undefined);
  const own = alternatives.flatMap((branch) => [
    `| \`${path}.type: ${typeOf(branch)}\` |  |  | ${cell(describe(member(member(branch, 'properties'), 'type')))} |`,
    ...propertyRows(path, branch, (key) => !shared(key)),
  ]);
  return [...own, ...propertyRows(path, alternatives[0], (key) => key !== 'type' && shared(key))];
}

function typeOf(branch: unknown): string | undefined {
  const type = member(member(member(branch, 'properties'), 'type'), 'const');
  return typeof type === 'string' ? type : undefined;
}

function propertyRows(path: string, schema: unknown, chosen: (key: string) => boolean): string[] {
  const keys = required(schema);
  return entriesOf(member(schema, 'properties'))
    .filter(([key]) => chosen(key))
    .flatMap(([key, value]) => rowsOf(`${path}.${key}`, value, keys.includes(key)));
}

function row(path: string, schema: unknown, isRequired: boolean): string {
  const value = member(schema, 'default');
  const shown = isRequired ? 'required' : value === undefined ? '' : `\`${JSON.stringify(value)}\``;
  return `| \`${path}\` | ${cell(kind(schema))} | ${cell(shown)} | ${cell(describe(schema))} |`;
}

function describe(schema: unknown): string {
  const own = member(schema, 'description');
  if (typeof own === 'string') return own;
  const inner = branches(schema).map((branch) => member(branch, 'description'));
  return inner.find((text) => typeof text === 'string') ?? '';
}

function kind(schema: unknown): string {
  const named = member(schema, 'x-kind');
  if (typeof named === 'string') return named;
  const kinds = branches(schema).map((branch) => {
    const known = member(branch, 'x-kind');
    if (typeof known === 'string') return known;
    const values = itemsOf(member(branch, 'enum'));
    if (values.length > 0) return values.map((value) => `\`${String(value)}\``).join(', ');
    const constant = member(branch, 'const');
    if (typeof constant === 'string' || typeof constant === 'boolean') return `\`${constant}\``;
    return kindOfType(branch);
  });
  return [...new Set(kinds)].join(', ');
}

function kindOfType(schema: unknown): string {
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    integer: 'whole number',
    number: 'number',
    boolean: 'true, false',
    null: 'null',
    object: 'mapping',
  };
  const type = member(schema, 'type');
  if (type === 'array') return `list of ${kind(member(schema, 'items'))}`;
  return typeof type === 'string' ? (words[type] ?? type) : 'any';
}

function branches(schema: unknown): readonly unknown[] {
  if (member(schema, 'x-kind') !== undefined) return [schema];
  const alternatives = [...itemsOf(member(schema, 'anyOf')), ...itemsOf(member(schema, 'oneOf'))];
  return alternatives.length === 0 ? [schema] : alternatives.flatMap(branches);
}

function isPlainMapping(schema: unknown): boolean {
  const only = branches(schema);
  return only.length === 1 && entriesOf(member(only[0], 'properties')).length > 0;
}

function required(schema: unknown): readonly string[] {
  return itemsOf(member(schema, 'required')).map(String);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
