import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examinePlaces } from '../../../src/remediation/examine.ts';
import { configOf, minimalText } from '../config/sample.ts';
import { temporaryFolder, temporaryJournal } from '../store/folders.ts';

const ansible = join(import.meta.dirname, '../../../ansible');

describe('the examination of the places', () => {
  /** A controller whose ansible-playbook tells these results of its one task. */
  function controllerWith(result: object, kind: 'ok' | 'failed' = 'ok') {
    const folder = temporaryFolder();
    const stateDir = join(folder, 'state');
    const task = { id: 't1', name: 'Ask', action: 'regrow_places' };
    const events = [
      { v: 1, n: 1, t: 1, e: 'play_start', id: 'p', name: 'P', hosts: ['localhost'] },
      { v: 1, n: 2, t: 2, e: kind, host: 'localhost', task, start: 1, res: result },
      { v: 1, n: 3, t: 3, e: 'stats', stats: { localhost: { ok: 1, failures: kind === 'ok' ? 0 : 1 } }, custom: {} },
    ];
    writeFileSync(join(folder, 'events'), `${events.map((event) => JSON.stringify(event)).join('\n')}\n`);
    mkdirSync(join(folder, 'bin'));
    const script = `echo "$@" > ${folder}/argv; cat ${folder}/events >> "$REGROW_EVENTS"; exit ${kind === 'ok' ? 0 : 2}`;
    writeFileSync(join(folder, 'bin/ansible-playbook'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const parts = {
      config: configOf(`${minimalText}state_dir: ${stateDir}\nansible: {path: [${folder}/bin]}\n`),
      journal: temporaryJournal(stateDir),
      env: { VCENTER_PASSWORD: 'hunter2' },
      builder: 'admin',
      self: null,
      isTakenOut: false,
      command: ['regrow'],
      now: () => new Date(),
    };
    return { parts, folder, runs: join(stateDir, 'runs') };
  }

  it('is what one run of examine.yml told, and leaves no folder', async () => {
    const places = [
      { kind: 'datastore', name: 'ds1', class: null, message: null, free_bytes: 7 },
      { kind: 'datastore', name: 'ds2', class: 'no_capacity', message: 'in maintenance' },
      { kind: 'network', name: 'NET', class: 'playbook_error', message: 'not located' },
    ];
    const privileges = { granted: [], missing: ['VApp.Import'], unknown: [] };
    const { parts, folder, runs } = controllerWith({ regrow: { places, privileges } });
    expect(await examinePlaces(parts)).toEqual({
      places: [
        { kind: 'datastore', name: 'ds1', state: 'good', message: '', freeBytes: 7 },
        { kind: 'datastore', name: 'ds2', state: 'unusable', message: 'in maintenance', freeBytes: null },
        { kind: 'network', name: 'NET', state: 'missing', message: 'not located', freeBytes: null },
      ],
      missingPrivileges: ['VApp.Import'],
      arePrivilegesKnown: true,
    });
    expect(readFileSync(join(folder, 'argv'), 'utf8')).toMatch(/playbooks\/examine\.yml\n$/);
    expect(readdirSync(runs)).toEqual([]);
  });

  it('that fails says why and where the words of Ansible are, and nothing of the places', async () => {
    const { parts, runs } = controllerWith({ msg: 'Unable to find the specified folder /dc/vm/web' }, 'failed');
    await expect(examinePlaces(parts)).rejects.toMatchObject({
      code: 'DISCOVERY_FAILED',
      message: expect.stringContaining('Unable to find the specified folder'),
      remedy: expect.stringMatching(/vcenter\.folder.*output\.log/),
    });
    expect(readdirSync(runs)).toHaveLength(1);
    const refused = controllerWith({ regrow: { status: 'refused' } });
    await expect(examinePlaces(refused.parts)).rejects.toMatchObject({ code: 'DISCOVERY_FAILED' });
  });
});

describe('the modules in the datacenter', () => {
  // What the simulated vCenter of the lab never is: in maintenance, without privileges, silent about them, gone half-way.
  const program = `
import json, sys, types
import ansible.module_utils
ansible.module_utils.__path__.append(sys.argv[1] + '/module_utils')
sys.path.insert(0, sys.argv[1] + '/library')
import regrow_places, regrow_preflight
from ansible.module_utils import regrow_placement, regrow_vcenter
from ansible.module_utils.regrow_protocol import Unknown
N = types.SimpleNamespace
regrow_vcenter.vim = N(Datastore='d', ClusterComputeResource='c', HostSystem='h', ResourcePool='r', Network='n')
regrow_preflight.require_new_pyvmomi = lambda: None
case = json.loads(sys.argv[2])
stores = {'ds1': N(accessible=True, maintenanceMode='normal', freeSpace=7), 'old': N(accessible=True, maintenanceMode=None, freeSpace=8),
          'm': N(accessible=True, maintenanceMode='inMaintenance', freeSpace=7), 'off': N(accessible=False, maintenanceMode='normal', freeSpace=7)}
lists = {'d': stores, 'c': ['c1'], 'h': ['esx1'], 'r': ['rp'], 'n': ['NET']}
asked = []
def children(kind):
    asked.append(kind)
    if kind == case.get('gone'): raise Unknown('it is gone', 'vcenter_unreachable')
    return [{'name': name, 'ref': N(summary=stores.get(name))} for name in lists[kind]]
def has(entities, session, wanted):
    if case.get('silent'): raise RuntimeError('no such method')
    return [N(privAvailability=[N(privId=name, isGranted=name != case.get('lacks')) for name in wanted])]
vcenter = N(children_of_datacenter=children, call=lambda function: function(), folder='f',
            content=N(sessionManager=N(currentSession=N(key='k')), authorizationManager=N(HasPrivilegeOnEntities=has)))
params = dict({kind + 's': [] for kind in regrow_placement.KINDS}, **case.get('names', {}))
def outcome(work):
    try: return work()
    except Unknown as unknown: return [unknown.error_class, str(unknown)]
one = lambda key: (params[key] or [None])[0]
single = dict(folder='/f', need_bytes=1, datastore=one('datastores'), cluster=one('clusters'), esxi_hostname=one('esxi_hostnames'),
              resource_pool=one('resource_pools'), networks={'VM Network': name for name in params['networks']})
examined = outcome(lambda: regrow_places.examined(vcenter, params))
asked_once = sorted(asked) == sorted(set(asked))
print(json.dumps({'examined': examined, 'asked_once': asked_once, 'preflight': outcome(lambda: regrow_preflight.preflight(vcenter, single))}))`;

  function answerTo(given: object): { examined: unknown; preflight: unknown; asked_once: boolean } {
    // In this checkout our folder `ansible` would hide the package of that name.
    const text = execFileSync('/usr/bin/python3', ['-B', '-c', program, ansible, JSON.stringify(given)], { cwd: '/' });
    return JSON.parse(text.toString());
  }
  const all = {
    datastores: ['ds1'],
    clusters: ['c1'],
    esxi_hostnames: ['esx1'],
    resource_pools: ['rp'],
    networks: ['NET'],
  };

  it('tell of every place in one go, each kind listed once', () => {
    const names = { ...all, datastores: ['ds1', 'old', 'm', 'off', 'none'], clusters: ['c1', 'c2'] };
    const { examined, asked_once: isAskedOnce } = answerTo({ names });
    const good = { class: null, message: null };
    const unusable = { class: 'no_capacity', message: expect.stringContaining('not accessible or in maintenance') };
    const missing = { class: 'playbook_error', message: expect.stringContaining('could not be located') };
    expect(examined).toMatchObject({
      places: [
        { kind: 'datastore', name: 'ds1', ...good, free_bytes: 7 },
        { kind: 'datastore', name: 'old', ...good, free_bytes: 8 },
        { kind: 'datastore', name: 'm', ...unusable },
        { kind: 'datastore', name: 'off', ...unusable },
        { kind: 'datastore', name: 'none', ...missing },
        { kind: 'cluster', name: 'c1', ...good },
        { kind: 'cluster', name: 'c2', ...missing },
        { kind: 'esxi_hostname', name: 'esx1', ...good },
        { kind: 'resource_pool', name: 'rp', ...good },
        { kind: 'network', name: 'NET', ...good },
      ],
      privileges: { missing: [], unknown: [] },
    });
    expect(isAskedOnce).toBe(true);
  });

  it('agree about what holds a rebuild: the preflight ends with the first of it', () => {
    expect(answerTo({ names: all }).preflight).toMatchObject({ free_bytes: 7, room: true, need_bytes: 1 });
    for (const [key, name] of [
      ['datastores', 'm'],
      ['datastores', 'none'],
      ['clusters', 'c2'],
      ['esxi_hostnames', 'esx2'],
      ['resource_pools', 'rq'],
      ['networks', 'NOT'],
    ] as const) {
      const { examined, preflight } = answerTo({ names: { ...all, [key]: [name] } });
      const [failure, message] = Array.isArray(preflight) ? preflight : [];
      expect(examined).toMatchObject({
        places: expect.arrayContaining([expect.objectContaining({ name, class: failure, message })]),
      });
    }
    const { examined, preflight } = answerTo({ names: all, lacks: 'VApp.Import' });
    expect(examined).toMatchObject({ privileges: { missing: ['VApp.Import'] } });
    expect(preflight).toEqual(['auth_failed', 'the vCenter user lacks on /f: VApp.Import']);
  });

  it('do not take a vCenter that is silent about privileges, or goes away meanwhile, for one that lacks something', () => {
    const silent = answerTo({ names: all, silent: true });
    expect(silent.examined).toMatchObject({
      privileges: { missing: [], unknown: expect.arrayContaining(['VApp.Import']) },
    });
    expect(silent.preflight).toMatchObject({ room: true });
    expect(answerTo({ names: all, gone: 'n' }).examined).toEqual(['vcenter_unreachable', 'it is gone']);
  });
});
