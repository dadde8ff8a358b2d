import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entriesOf, member } from '../../config/document.ts';
import { pythonPathOf } from '../../ansible/environment.ts';
import type { Config } from '../../config/schema.ts';
import { fail, ok, warn, type Finding } from './finding.ts';
import { askTool, type ToolEnvironment } from './tool.ts';

const oldestCore = [2, 14];
const collections = [
  { name: 'community.vmware', oldest: [3, 7] },
  { name: 'ansible.posix', oldest: [1, 5] },
];

/** Whether Ansible, its collections and pyVmomi are what a run needs. */
export async function ansibleFindings({ ansible }: Config): Promise<readonly Finding[]> {
  // A run sees no collections of the user's home either.
  const home = await mkdtemp(join(tmpdir(), 'regrow-doctor-'));
  try {
    const environment = { path: ansible.path, pythonPath: pythonPathOf(ansible), home };
    const core = await askTool('ansible-playbook', ['--version'], environment);
    if (core.missing || core.exitCode !== 0) return [coreMissing(core.stderr)];
    const others = await Promise.all([
      ...collections.map(({ name, oldest }) => collectionFinding(name, oldest, environment)),
      pyVmomiFinding(/python version = .*\((\/[^)]+)\)/.exec(core.stdout)?.[1], environment),
    ]);
    return [coreFinding(core.stdout), ...others];
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function coreMissing(stderr: string): Finding {
  const reason = stderr.trim().split('\n').at(-1) ?? '';
  return fail(
    'ansible-core',
    reason === '' ? 'ansible-playbook is not found' : `ansible-playbook does not work: ${reason}`,
    'apt-get install ansible, or put its directory into ansible.path',
  );
}

function coreFinding(stdout: string): Finding {
  const version = /\[core ([0-9][^\]]*)\]/.exec(stdout)?.[1];
  if (version === undefined) return warn('ansible-core', 'the version is not known', 'use ansible-core 2.14 or newer');
  if (isOlder(version, oldestCore)) return fail('ansible-core', version, 'install ansible-core 2.14 or newer');
  return ok('ansible-core', version);
}

async function collectionFinding(
  name: string,
  oldest: readonly number[],
  environment: ToolEnvironment,
): Promise<Finding> {
  const answer = await askTool('ansible-galaxy', ['collection', 'list', '--format', 'json', name], environment);
  const version = collectionVersion(answer.stdout, name, environment.pythonPath ?? []);
  const remedy = `apt-get install ansible, or ansible-galaxy collection install ${name} -p /usr/share/ansible/collections`;
  if (version === undefined) return fail(name, 'the collection is not installed', remedy);
  return isOlder(version, oldest)
    ? fail(name, `${version} is older than ${oldest.join('.')}`, remedy)
    : ok(name, version);
}

/** Of several places, the one that Ansible takes: PYTHONPATH comes first. */
function collectionVersion(stdout: string, name: string, pythonPath: readonly string[]): string | undefined {
  const places = entriesOf(parsedJson(stdout));
  const first = places.find(([place]) => pythonPath.some((directory) => place.startsWith(directory))) ?? places[0];
  const version = member(member(first?.[1], name), 'version');
  return typeof version === 'string' ? version : undefined;
}

const pyVmomiScript = `
import json, pyVmomi
from importlib import metadata
try: version = metadata.version('pyvmomi')
except Exception: version = getattr(pyVmomi, '__version__', 'of unknown version')
from pyVmomi import VmomiSupport
print(json.dumps({'version': version, 'json': hasattr(VmomiSupport, 'VmomiJSONEncoder')}))
`;

async function pyVmomiFinding(python: string | undefined, environment: ToolEnvironment): Promise<Finding> {
  const program = python ?? 'python3';
  const answer = await askTool(program, ['-c', pyVmomiScript], environment);
  const found = parsedJson(answer.stdout);
  const version = member(found, 'version');
  const remedy =
    'install pyVmomi 8 (Debian 13: python3-pyvmomi) for that Python, or put its directory into ansible.python_path';
  if (typeof version !== 'string') return fail('pyVmomi', `${program} cannot import it`, remedy);
  if (member(found, 'json') !== true) return fail('pyVmomi', `${version} is too old for community.vmware`, remedy);
  return ok('pyVmomi', `${version} (${program})`);
}

function isOlder(version: string, oldest: readonly number[]): boolean {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [index, least] of oldest.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
