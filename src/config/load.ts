import { open, stat } from 'node:fs/promises';
import { z } from 'zod';
import { RegrowError } from '../errors.ts';
import { crossIssues } from './cross-checks.ts';
import { defaultMessage, explainIssues, type DataIssue } from './issues.ts';
import type { ConfigProblem } from './problem.ts';
import { configSchema, type Config } from './schema.ts';
import { suggestion } from './suggestion.ts';
import { warningIssues } from './warnings.ts';
import { offsetOf, parseYamlTree, positionOf, type YamlNode } from './yaml-tree.ts';

/** A configuration that may be used. */
export interface LoadedConfig {
  /** The file it came from. */
  readonly path: string;
  readonly config: Config;
  /** Not wrong, but worth a look: literal secrets, files that others can read. */
  readonly warnings: readonly ConfigProblem[];
}

/** What a text says as a configuration: the configuration, or everything that is wrong with it. */
export type ParsedConfig =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigProblem[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const maxBytes = 1024 * 1024;
const maxProblems = 100;

/** Reads and checks a configuration file. Throws CONFIG_NOT_FOUND, or CONFIG_INVALID with every problem at once. */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const parsed = parseConfig(await readText(path), path);
  if (!parsed.ok) throw invalid(path, parsed.problems);
  return { path, config: parsed.config, warnings: [...parsed.warnings, ...(await fileWarnings(path, parsed.config))] };
}

/** Checks a configuration's text. Never throws; `file` is only named in the problems. */
export function parseConfig(text: string, file: string): ParsedConfig {
  if (Buffer.byteLength(text) > maxBytes) return { ok: false, problems: [tooLarge(file)] };
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const tree = parseYamlTree(source);
  const yamlProblems = tree.problems.map((problem): ConfigProblem => ({
    file,
    ...positionOf(source, problem.offset),
    path: '',
    message: problem.message,
  }));
  if (!tree.root) return { ok: false, problems: yamlProblems };
  const result = configSchema.safeParse(tree.root.value, { error: defaultMessage, reportInput: true });
  const issues = [
    ...(result.success ? [] : explainIssues(result.error.issues, tree.root.value)),
    ...crossIssues(tree.root.value),
  ];
  const located = locate(issues, { file, source, root: tree.root });
  if (!result.success || issues.length > 0 || yamlProblems.length > 0) {
    return { ok: false, problems: inOrder([...yamlProblems, ...located]) };
  }
  return {
    ok: true,
    config: result.data,
    warnings: locate(warningIssues(result.data), { file, source, root: tree.root }),
  };
}

interface Place {
  readonly file: string;
  readonly source: string;
  readonly root: YamlNode;
}

function locate(issues: readonly DataIssue[], { file, source, root }: Place): ConfigProblem[] {
  return issues.slice(0, maxProblems).map((issue) => ({
    file,
    ...positionOf(source, offsetOf(root, issue.path, issue.at)),
    path: z.core.toDotPath(issue.path),
    message: issue.message === 'unknown key' ? `unknown key${suggestion(issue.path)}` : issue.message,
  }));
}

function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, maxProblems);
}

async function readText(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const buffer = Buffer.alloc(maxBytes + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
        length += bytesRead;
        if (bytesRead === 0 || length > maxBytes) break;
      }
      if (length > maxBytes) throw invalid(path, [tooLarge(path)]);
      return decode(buffer.subarray(0, length), path);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof RegrowError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new RegrowError('CONFIG_NOT_FOUND', `The configuration ${path} cannot be read (${code}).`, {
      facts: { path, reason: code },
      remedy: 'name another file with --config or REGROW_CONFIG, or write one with `regrow init`',
      cause: error,
    });
  }
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid(path, [{ file: path, line: 1, column: 1, path: '', message: 'the file is not UTF-8 text' }]);
  }
}

function tooLarge(file: string): ConfigProblem {
  return { file, line: 1, column: 1, path: '', message: `the file is larger than ${maxBytes} bytes` };
}

function invalid(path: string, problems: readonly ConfigProblem[]): RegrowError {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  const lines = problems.map((problem) => describeProblem(problem));
  return new RegrowError('CONFIG_INVALID', [`${path} has ${count}:`, ...lines].join('\n'), {
    facts: { path, problems },
    remedy: 'correct the file and run `regrow config check`; docs/configuration.md lists every key',
  });
}

/** One problem on one line, in the form that editors jump to: `file:line:column: path: message`. */
export function describeProblem({ file, line, column, path, message }: ConfigProblem): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}

async function fileWarnings(path: string, config: Config): Promise<ConfigProblem[]> {
  const { mode } = await stat(path);
  const holdsSecret = warningIssues(config).some((issue) => issue.message.includes('literal'));
  if (!holdsSecret || (mode & 0o077) === 0) return [];
  const message = 'the file holds a literal secret and others can read it: chmod 600';
  return [{ file: path, line: 1, column: 1, path: '', message }];
}
