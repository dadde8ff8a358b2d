import { defineScalarTag, dump, DUMP_SCHEMA } from 'js-yaml';

/**
 * Text of the user's that Ansible would take for a template. In YAML it is written with the tag `!unsafe`, in JSON as
 * `{"__ansible_unsafe": text}`: Ansible's own two ways to say that text is data, in every version from 2.14 on.
 */
export class UnsafeText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toJSON(): { readonly __ansible_unsafe: string } {
    return { __ansible_unsafe: this.text };
  }
}

const unsafeTag = defineScalarTag('!unsafe', {
  resolve: (source) => new UnsafeText(source),
  identify: (data) => data instanceof UnsafeText,
  represent: (data: UnsafeText) => data.text,
});
const schema = DUMP_SCHEMA.withTags(unsafeTag);

/** YAML that Ansible reads as exactly this data: `UnsafeText` is not templated, and no text turns into a date or number. */
export function ansibleYaml(data: unknown): string {
  return dump(data, { schema, lineWidth: -1, noRefs: true });
}

/** The data with every text that holds a template's beginning marked as plain data. Keys are left as they are. */
export function markUnsafe(data: unknown): unknown {
  if (typeof data === 'string') return /\{[{%#]/.test(data) ? new UnsafeText(data) : data;
  if (Array.isArray(data)) return data.map(markUnsafe);
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, markUnsafe(value)]));
}
