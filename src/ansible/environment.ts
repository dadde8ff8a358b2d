import { existsSync } from 'node:fs';
import path from 'node:path';
import { ansibleFolder } from './package-paths.ts';
import { outerRunMarker, runMarker } from './process.ts';
import type { RunFolder } from './run-folder.ts';
import type { RunSpec } from './run-spec.ts';

const systemPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Where programs of a run are looked for. */
export function searchPath(spec: RunSpec): readonly string[] {
  return [...spec.ansible.path, ...systemPath];
}

/** PYTHONPATH of a run. Python modules that the image brings beside the package are in it: a machine without a new enough pyVmomi works with them. */
export function pythonPathOf(ansible: Pick<RunSpec['ansible'], 'python_path'>): readonly string[] {
  const packaged = path.resolve(ansibleFolder, '..', 'python');
  return [...ansible.python_path, ...(existsSync(packaged) ? [packaged] : [])];
}

/** The whole environment of a run, built from nothing: no setting of this machine's users or of the controller gets in. */
export function runEnvironment(spec: RunSpec, folder: RunFolder): Record<string, string> {
  const pythonPath = pythonPathOf(spec.ansible);
  return {
    PATH: searchPath(spec).join(':'),
    HOME: folder.tmp,
    TMPDIR: folder.tmp,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8', // plain C makes Ansible refuse to start
    ...(pythonPath.length > 0 ? { PYTHONPATH: pythonPath.join(':') } : {}),
    ...(spec.caFile === null ? {} : { SSL_CERT_FILE: spec.caFile }),
    ...ansibleSettings(folder),
    ...sshSettings(folder),
    ...spec.environment,
    REGROW_SECRETS: Object.keys(spec.environment).join(','),
    REGROW_EVENTS: folder.events,
    REGROW_UNLINK: folder.passedExtraVars,
    [runMarker]: spec.id,
    ...(spec.outerRun === undefined ? {} : { [outerRunMarker]: spec.outerRun }),
  };
}

/** sun_path of a UNIX socket, without its end. */
const longestSocketPath = 107;

/** Where ssh keeps its shared connections. Too deep a folder makes every connection fail: then each is one of its own. */
function sshSettings(folder: RunFolder): Record<string, string> {
  const directory = path.join(folder.tmp, 'cp');
  const name = '/0123456789.0123456789abcdef'; // Ansible's hash, and what ssh adds while it connects
  if (directory.length + name.length > longestSocketPath) return { ANSIBLE_SSH_ARGS: '-C' };
  return { ANSIBLE_SSH_CONTROL_PATH_DIR: directory };
}

function ansibleSettings(folder: RunFolder): Record<string, string> {
  const plugins = path.join(ansibleFolder, 'plugins');
  return {
    ANSIBLE_CONFIG: folder.ansibleConfig,
    ANSIBLE_HOME: path.join(folder.tmp, 'ansible'),
    ANSIBLE_LOCAL_TEMP: path.join(folder.tmp, 'local'),
    ANSIBLE_REMOTE_TEMP: path.join(folder.tmp, 'remote'),
    ANSIBLE_LIBRARY: path.join(ansibleFolder, 'library'),
    ANSIBLE_MODULE_UTILS: path.join(ansibleFolder, 'module_utils'),
    ANSIBLE_ROLES_PATH: path.join(ansibleFolder, 'roles'),
    ANSIBLE_CALLBACK_PLUGINS: path.join(plugins, 'callback'),
    ANSIBLE_FILTER_PLUGINS: [path.join(plugins, 'filter'), path.join(ansibleFolder, 'filter_plugins')].join(':'),
    ANSIBLE_CALLBACKS_ENABLED: 'regrow_events',
    ANSIBLE_STDOUT_CALLBACK: 'ansible.builtin.default',
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_GATHERING: 'explicit',
    ANSIBLE_FORKS: '20',
    ANSIBLE_INVENTORY_ENABLED: 'ansible.builtin.yaml',
    ANSIBLE_INVENTORY_UNPARSED_FAILED: '1',
    ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: '1',
    ANSIBLE_HOST_PATTERN_MISMATCH: 'error',
    ANSIBLE_RETRY_FILES_ENABLED: '0',
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_LOCALHOST_WARNING: '0',
    // Output that is no UTF-8 must not fail a task on core 2.19 and later.
    ANSIBLE_MODULE_STRICT_UTF8_RESPONSE: '0',
  };
}
