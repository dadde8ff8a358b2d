import type { z } from 'zod';

/** One problem of the data: where in the document, and what was expected. */
export interface DataIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Whether the key itself is the problem, or its value. */
  readonly at: 'key' | 'value';
}

type ZodIssue = z.core.$ZodIssue;

/**
 * Zod's issues in words for people. Values of the file are never repeated: any of them may be a secret in the wrong
 * place. Parse with `reportInput: true`, so that a missing value can be told from a wrong one.
 */
export function explainIssues(
  issues: readonly ZodIssue[],
  document: unknown,
  at: readonly PropertyKey[] = [],
): DataIssue[] {
  return issues.flatMap((issue) => explain({ ...issue, path: [...at, ...issue.path] }, document));
}

function explain(issue: ZodIssue, document: unknown): DataIssue[] {
  const given = valueAt(document, issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'unknown key', at: 'key' }));
  }
  if (issue.code === 'invalid_key') {
    return [{ path: issue.path, message: `this key is not allowed: ${innerMessage(issue.issues)}`, at: 'key' }];
  }
  if (given === undefined) return [{ path: issue.path, message: `is missing: ${issue.message}`, at: 'key' }];
  if (issue.code === 'invalid_union') return explainUnion(issue, document, given);
  return [{ path: issue.path, message: withGiven(issue.message, given, issue.code), at: 'value' }];
}

/** Of a union, the branch that the writer meant: the one that accepts the kind of value and its keys, if there is one. */
function explainUnion(issue: z.core.$ZodIssueInvalidUnion, document: unknown, given: unknown): DataIssue[] {
  const ofKind = issue.errors.filter((branch) => !branch.some((each) => each.path.length === 0 && isOfOtherKind(each)));
  const ofKeys = ofKind.filter((branch) => !branch.some((each) => each.path.length === 0 && hasOtherKeys(each)));
  const [branch, ...others] = ofKeys.length > 0 ? ofKeys : ofKind;
  if (branch && others.length === 0) return explainIssues(branch, document, issue.path);
  const code = typeof given === 'string' ? undefined : 'invalid_type';
  return [{ path: issue.path, message: withGiven(issue.message, given, code), at: 'value' }];
}

function hasOtherKeys(issue: ZodIssue): boolean {
  return issue.code === 'unrecognized_keys';
}

function isOfOtherKind(issue: ZodIssue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function innerMessage(issues: readonly ZodIssue[]): string {
  return issues[0]?.message ?? 'it does not fit';
}

function withGiven(message: string, given: unknown, code: string | undefined): string {
  return code === 'invalid_type' ? `${message}, not ${kindOf(given)}` : message;
}

/** What kind of value something is, in YAML's words. */
export function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'a number',
    bigint: 'a number',
    boolean: 'true or false',
  };
  return words[typeof value] ?? 'a mapping';
}

/** The message where a schema gives none of its own. */
export function defaultMessage(issue: { readonly code?: string | undefined; readonly expected?: unknown }): string {
  const words: Record<string, string> = {
    string: 'expected text',
    number: 'expected a number',
    int: 'expected a whole number',
    boolean: 'expected true or false',
    array: 'expected a list',
    object: 'expected a mapping',
    record: 'expected a mapping',
  };
  if (issue.code === 'invalid_type') return words[String(issue.expected)] ?? 'expected something else';
  return 'this value is not allowed';
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, step)?.value;
  }
  return value;
}
