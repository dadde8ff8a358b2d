/** Takes the secrets out of a text before it is written down. */
export type Redact = (text: string) => string;

/** Longest text kept in one field; the whole of it is in the run's output.log. */
const longestText = 8 * 1024;

/** Cuts a text to what a field may hold, and says so. */
export function cut(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)} ... [cut, ${text.length} characters]`;
}

/** JSON text of a value in which every string went through `redact`. */
export function toJson(value: unknown, redact: Redact): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'string' ? redact(inner) : inner));
}

/** A list that this program wrote as JSON. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- who wrote the list knows what is in it
export function parseList<T>(json: string): readonly T[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? (value as T[]) : [];
}

/** Counts by name that this program wrote as JSON. */
export function parseCounts(json: string): Readonly<Record<string, number>> {
  const counts = Object.entries(parseObject(json)).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return Object.fromEntries(counts);
}

/** An object that this program wrote as JSON. */
export function parseObject(json: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(json);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : { value };
}

/** A value that this program wrote as JSON. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- who wrote the value knows what it is
export function parseOwn<T>(json: string): T {
  return JSON.parse(json) as T;
}
