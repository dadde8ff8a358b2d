#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r'''
module: regrow_incident
short_description: Reads and writes the claims and decisions about one node in vCenter
description:
  - The steps of the rebuild protocol that need claims and decisions, each in one login. Claims, tokens and decisions are
    empty folders under one folder C(.regrow) in the pool's folder. Nothing here powers, renames or destroys a VM.
options:
  hostname: {type: str, required: true, description: vCenter's host name}
  port: {type: int, default: 443, description: vCenter's port}
  username: {type: str, required: true, description: vCenter's user}
  password: {type: str, description: vCenter's password; from VMWARE_PASSWORD when not given}
  validate_certs: {type: bool, default: true, description: check vCenter's certificate}
  datacenter: {type: str, required: true, description: datacenter}
  folder: {type: str, required: true, description: "the pool's folder, as an inventory path"}
  state:
    type: str
    required: true
    choices: [look, claimed, guarded, aborted, committed, finish]
    description:
      - C(look) reads what stands there and what this run may do.
      - C(claimed) ends what is certainly over, claims the lowest open generation and guards again under the claim.
      - C(guarded) guards once more under a claim of this run, after something that took its time.
      - C(aborted) ends a generation that is not decided yet. C(committed) decides for the VM of this run.
      - C(finish) reads what is left to do for a committed generation.
  pool: {type: str, required: true, description: the pool's name}
  node: {type: str, required: true, description: the node's name}
  run: {type: str, required: true, description: this run's id}
  builder: {type: str, required: true, description: this controller's name}
  judged: {type: dict, description: moid and instance_uuid of the VM that was judged; found by itself when not given}
  last_known: {type: dict, description: "the node's last known identity, used when it has no VM"}
  dead_runs: {type: list, elements: str, default: [], description: own runs that are certainly over}
  expired: {type: list, elements: str, default: [], description: fingerprints seen unchanged for longer than D}
  generations: {type: int, default: 5, description: builds that may fail before the incident is exhausted}
  force: {type: list, elements: str, default: [], description: gates that the operator overrides}
  disks: {type: int, description: disks that the image and the configuration declare}
  incident: {type: str, description: "for guarded, aborted, committed and finish"}
  generation: {type: int, description: "for guarded, aborted, committed and finish"}
  moid: {type: str, description: "for committed, this run's VM"}
  built: {type: bool, default: false, description: "for aborted, this run tried to build a VM; its generation counts"}
author: [regrow]
'''
EXAMPLES = r'''
- name: Look
  regrow_incident:
    state: look
    hostname: vcenter.example.org
    username: svc-regrow@vsphere.local
    datacenter: dc1
    folder: /dc1/vm/web
    pool: web
    node: webbox3
    run: 01h4x0000000aa
    builder: webbox1
'''
RETURN = r'''
regrow:
  description: what was seen, `status`, and with `refused` the gate that holds
  returned: success
  type: dict
'''

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils import regrow_protocol as protocol
from ansible.module_utils import regrow_vcenter


def context_of(params):
    return protocol.Context(
        pool=params['pool'], node=params['node'], run=params['run'], builder=params['builder'],
        judged=params['judged'] or None, last_known=params['last_known'] or None, dead_runs=params['dead_runs'],
        expired=params['expired'], generations=params['generations'], force=params['force'], disks=params['disks'])


def look(vcenter, context, params):
    seen = protocol.look(vcenter, context)
    if seen['x_mark'] and seen['x_mark']['kind'] == 'certified' and seen['status'] == 'free':
        seen['gates'] = [{'gate': gate, 'message': message, 'forceable': forceable}
                         for gate, message, forceable in protocol.gates_of(seen['x'], context)]
    return False, seen


def claimed(vcenter, context, params):
    seen = protocol.claim(vcenter, context)
    return seen['status'] == 'claimed', seen


def guarded(vcenter, context, params):
    before = {'incident': params['incident'], 'generation': params['generation'], 'judged': params['judged'] or None}
    return False, protocol.guard_under_claim(vcenter, context, before)


def aborted(vcenter, context, params):
    generation = protocol.abort(vcenter, params['incident'], params['generation'])
    if params['built'] and generation.decision == 'abort':
        protocol.count_build(vcenter, context, params['incident'], params['generation'], 'none')
    return True, dict(generation.facts(), incident=params['incident'])


def committed(vcenter, context, params):
    generation = protocol.commit(vcenter, context, params['incident'], params['generation'], params['moid'])
    commit = generation.commit or {}
    won = commit.get('run') == params['run'] and commit.get('moid') == params['moid']
    return won, dict(generation.facts(), incident=params['incident'], won=won,
                     left=left_to_do(vcenter, context, params) if won else None)


def left_to_do(vcenter, context, params):
    """What finish would read next, by the same login. Unreadable: the decision stands, and finish reads it again."""
    try:
        return finish(vcenter, context, params)[1]
    except (protocol.Refused, protocol.Unknown):
        return None


def finish(vcenter, context, params):
    return False, protocol.finish(vcenter, context, params['incident'], params['generation'])


STATES = {'look': look, 'claimed': claimed, 'guarded': guarded, 'aborted': aborted, 'committed': committed, 'finish': finish}


def main():
    decided = ['incident', 'generation']
    module = AnsibleModule(
        argument_spec=regrow_vcenter.argument_spec(
            state=dict(type='str', required=True, choices=sorted(STATES)),
            pool=dict(type='str', required=True),
            node=dict(type='str', required=True),
            run=dict(type='str', required=True),
            builder=dict(type='str', required=True),
            judged=dict(type='dict'),
            last_known=dict(type='dict'),
            dead_runs=dict(type='list', elements='str', default=[]),
            expired=dict(type='list', elements='str', default=[]),
            generations=dict(type='int', default=5),
            force=dict(type='list', elements='str', default=[]),
            disks=dict(type='int'),
            incident=dict(type='str'),
            generation=dict(type='int'),
            moid=dict(type='str'),
            built=dict(type='bool', default=False),
        ),
        required_if=[('state', 'guarded', decided), ('state', 'aborted', decided), ('state', 'committed', decided + ['moid']),
                     ('state', 'finish', decided)],
        supports_check_mode=True)
    params = module.params
    if module.check_mode and params['state'] not in ('look', 'finish'):
        module.exit_json(changed=True, regrow={'status': 'check_mode'})
    work = STATES[params['state']]
    regrow_vcenter.run_module(module, lambda vcenter: work(vcenter, context_of(params), params))


if __name__ == '__main__':
    main()
