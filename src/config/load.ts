import { open, stat } from 'node:fs/promises';
import { z } from 'zod';
import { RegrowError } from '../errors.ts';
import { checkDocument } from './check-document.ts';
import { effectiveConfig, type EffectiveConfig, type LoadedMembership } from './effective.ts';
import type { DataIssue } from './issues.ts';
import { readMembership, type StoredMembership } from './membership-file.ts';
import type { ConfigProblem } from './problem.ts';
import type { Config } from './schema.ts';
import { suggestion } from './suggestion.ts';
import { warningIssues } from './warnings.ts';
import { offsetOf, parseYamlTree, positionOf, type YamlNode } from './yaml-tree.ts';

/** A configuration that may be used. */
export interface LoadedConfig {
  /** The file it came from. */
  readonly path: string;
  /** What holds: regrow.yml, with the nodes of a newer membership where there is one. */
  readonly config: Config;
  /** What regrow.yml says by itself. */
  readonly file: Config;
  readonly membership: LoadedMembership;
  /** Not wrong, but worth a look: literal secrets, files that others can read, a record that cannot be used. */
  readonly warnings: readonly ConfigProblem[];
}

/** What a text says as a configuration: the configuration, or everything that is wrong with it. */
export type ParsedConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      /** Puts the record of a state directory into it. A function, since the text may hold literal secrets. */
      readonly withMembership: (stored: StoredMembership) => EffectiveConfig;
      readonly warnings: readonly ConfigProblem[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const maxBytes = 1024 * 1024;
const maxProblems = 100;

/** Reads and checks a configuration file. Throws CONFIG_NOT_FOUND, or CONFIG_INVALID with every problem at once. */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const parsed = parseConfig(await readText(path), path);
  if (!parsed.ok) throw invalid(path, parsed.problems);
  const file = parsed.config;
  const stored = await readMembership(file.state_dir);
  const { config, membership } = parsed.withMembership(stored);
  const warnings = [
    ...parsed.warnings,
    ...(await fileWarnings(path, file)),
    ...(membership.problem === null ? [] : [wholeFile(stored.path, membership.problem)]),
  ];
  return { path, config, file, membership, warnings };
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
  const place = { file, source, root: tree.root };
  const document = tree.root.value;
  const checked = checkDocument(document);
  if (!checked.ok || yamlProblems.length > 0) {
    const located = checked.ok ? [] : locate(checked.issues, place);
    return { ok: false, problems: inOrder([...yamlProblems, ...located]) };
  }
  return {
    ok: true,
    config: checked.config,
    withMembership: (stored) => effectiveConfig(document, checked.config, stored),
    warnings: locate(warningIssues(checked.config), place),
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
    throw new RegrowError('CONFIG_NOT_FOUND', `The configuration ${path} cannot be read: ${reasonFor(code)}.`, {
      facts: { path, reason: code },
      remedy: 'name another file with --config or REGROW_CONFIG, or write one with `regrow init`',
      cause: error,
    });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'one of the folders in its path is a file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
};

function reasonFor(code: string): string {
  return reasons[code] ?? code;
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid(path, [wholeFile(path, 'the file is not UTF-8 text')]);
  }
}

function tooLarge(file: string): ConfigProblem {
  return wholeFile(file, `the file is larger than ${maxBytes} bytes`);
}

function wholeFile(file: string, message: string): ConfigProblem {
  return { file, line: 1, column: 1, path: '', message };
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
  return [wholeFile(path, 'the file holds a literal secret and others can read it: chmod 600')];
}
