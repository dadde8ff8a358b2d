import { crossIssues } from './cross-checks.ts';
import { defaultMessage, explainIssues, type DataIssue } from './issues.ts';
import { configSchema, type Config } from './schema.ts';

/** What a document says as a configuration, or everything that is wrong with it. */
export type CheckedDocument =
  { readonly ok: true; readonly config: Config } | { readonly ok: false; readonly issues: readonly DataIssue[] };

/** Checks a document's values, and that they agree with each other. */
export function checkDocument(document: unknown): CheckedDocument {
  const result = configSchema.safeParse(document, { error: defaultMessage, reportInput: true });
  const own = result.success ? [] : explainIssues(result.error.issues, document);
  const issues = [...own, ...crossIssues(document)];
  return result.success && issues.length === 0 ? { ok: true, config: result.data } : { ok: false, issues };
}
