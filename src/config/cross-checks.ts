import { normalize } from 'node:path';
import { entriesOf, itemsOf, member } from './document.ts';
import { defaultMessage, explainIssues, type DataIssue } from './issues.ts';
import { checkSchema } from './schema-checks.ts';
import { reservedNames } from './values.ts';

/*
 * What no single value can tell: things that must agree with each other. Works on the raw document and takes nothing
 * for granted, so that these problems are reported together with all the others.
 */

/** All problems between the parts of the document. */
export function crossIssues(document: unknown): DataIssue[] {
  return [
    ...nodeNameIssues(document),
    ...selfIssues(document),
    ...placementIssues(document),
    ...macIssues(document),
    ...fileIssues(document, ['files']),
    ...fileIssues(document, ['sync', 'files']),
    ...ownFileIssues(document),
    ...mailIssues(document),
    ...nodeCheckIssues(document),
  ];
}

function nodesOf(document: unknown): readonly unknown[] {
  return itemsOf(member(member(document, 'pool'), 'nodes'));
}

function nameOf(node: unknown): string | undefined {
  const name = typeof node === 'string' ? node : member(node, 'name');
  return typeof name === 'string' ? name : undefined;
}

function namePath(node: unknown, index: number): PropertyKey[] {
  return ['pool', 'nodes', index, ...(typeof node === 'string' ? [] : ['name'])];
}

function nodeNameIssues(document: unknown): DataIssue[] {
  const seen = new Set<string>();
  return nodesOf(document).flatMap((node, index): DataIssue[] => {
    const name = nameOf(node);
    if (name === undefined) return [];
    const folded = name.toLowerCase();
    const path = namePath(node, index);
    if (seen.has(folded)) {
      return [{ path, message: `the node ${JSON.stringify(name)} is listed twice: names must differ`, at: 'value' }];
    }
    seen.add(folded);
    if (!reservedNames.includes(folded)) return [];
    return [{ path, message: `${JSON.stringify(name)} is a reserved name: choose another`, at: 'value' }];
  });
}

function selfIssues(document: unknown): DataIssue[] {
  const self = member(document, 'self');
  if (typeof self !== 'string' || self === 'auto' || self === 'none') return [];
  if (nodesOf(document).some((node) => nameOf(node) === self)) return [];
  return [{ path: ['self'], message: 'expected auto, none, or the name of a node of the pool', at: 'value' }];
}

function placementIssues(document: unknown): DataIssue[] {
  const issues: DataIssue[] = [];
  const vcenter = member(document, 'vcenter');
  if (entriesOf(vcenter).length > 0) {
    const given = placements(vcenter);
    if (given.length === 0) {
      issues.push({ path: ['vcenter'], message: 'is incomplete: expected cluster or esxi_hostname', at: 'key' });
    }
    if (given.length === 2) issues.push(bothPlacements(['vcenter']));
  }
  for (const [index, node] of nodesOf(document).entries()) {
    if (placements(member(node, 'vcenter')).length === 2)
      issues.push(bothPlacements(['pool', 'nodes', index, 'vcenter']));
  }
  return issues;
}

function placements(vcenter: unknown): readonly string[] {
  return ['cluster', 'esxi_hostname'].filter((key) => (member(vcenter, key) ?? null) !== null);
}

function bothPlacements(path: readonly PropertyKey[]): DataIssue {
  return { path: [...path, 'esxi_hostname'], message: 'expected either cluster or esxi_hostname, not both', at: 'key' };
}

function macIssues(document: unknown): DataIssue[] {
  const seen = new Set<string>();
  const issues: DataIssue[] = [];
  if (typeof member(member(document, 'vm'), 'mac') === 'string' && nodesOf(document).length > 1) {
    issues.push({
      path: ['vm', 'mac'],
      message: 'one MAC address cannot serve several nodes: set it per node',
      at: 'value',
    });
  }
  for (const [index, node] of nodesOf(document).entries()) {
    const mac = member(member(node, 'vm'), 'mac');
    if (typeof mac !== 'string') continue;
    const folded = mac.toLowerCase();
    if (seen.has(folded)) {
      const path = ['pool', 'nodes', index, 'vm', 'mac'];
      issues.push({ path, message: 'another node has the same MAC address', at: 'value' });
    }
    seen.add(folded);
  }
  return issues;
}

function fileIssues(document: unknown, at: readonly string[]): DataIssue[] {
  const seen = new Set<string>();
  return itemsOf(at.reduce(member, document)).flatMap((file, index): DataIssue[] => {
    const path = member(file, 'path');
    if (typeof path !== 'string') return [];
    if (seen.has(path)) return [{ path: [...at, index, 'path'], message: 'this file is listed twice', at: 'value' }];
    seen.add(path);
    return [];
  });
}

/** What is one machine's own is never sent to another: its configuration, keys and secrets, and its journal. */
function ownFileIssues(document: unknown): DataIssue[] {
  const given = [member(document, 'state_dir'), member(member(document, 'ssh'), 'private_key_file')];
  const texts = given.filter((path) => typeof path === 'string');
  const own = ['/etc/regrow', '/var/lib/regrow', '/etc/ssh', '/root/.ssh', ...texts];
  return itemsOf(member(member(document, 'sync'), 'files')).flatMap((file, index): DataIssue[] => {
    const path = member(file, 'path');
    if (typeof path !== 'string' || !own.some((each) => isWithin(path, each) || isWithin(each, path))) return [];
    const message = "is one machine's own, or holds such files: it is never sent to another";
    return [{ path: ['sync', 'files', index, 'path'], message, at: 'value' }];
  });
}

function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [normalize(`${path}/`), normalize(`${folder}/`)];
  return inner.startsWith(outer);
}

function mailIssues(document: unknown): DataIssue[] {
  const mail = member(member(document, 'notify'), 'mail');
  const has = (key: string): boolean => (member(mail, key) ?? null) !== null;
  if (has('user') === has('password')) return [];
  const path = ['notify', 'mail', has('user') ? 'user' : 'password'];
  return [{ path, message: 'user and password belong together: expected both or none', at: 'key' }];
}

/** A node's own values for a check are sound only together with those of the pool. */
function nodeCheckIssues(document: unknown): DataIssue[] {
  const pool = member(document, 'checks');
  return nodesOf(document).flatMap((node, index) =>
    entriesOf(member(node, 'checks')).flatMap(([name, override]): DataIssue[] => {
      if (typeof override !== 'object' || override === null) return [];
      return overrideIssues(member(pool, name), override, ['pool', 'nodes', index, 'checks', name]);
    }),
  );
}

function overrideIssues(base: unknown, override: object, path: readonly PropertyKey[]): DataIssue[] {
  const merged = { ...(typeof base === 'object' ? base : {}), ...override };
  const result = checkSchema.safeParse(merged, { error: defaultMessage, reportInput: true });
  if (result.success) return [];
  // What is wrong in the pool's own values is reported there.
  const own = (issue: DataIssue): boolean => {
    const key = issue.path[0];
    return key === undefined || Object.hasOwn(override, key) || !(typeof base === 'object' && base !== null);
  };
  return explainIssues(result.error.issues, merged)
    .filter(own)
    .map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
}
