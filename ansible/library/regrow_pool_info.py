#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r'''
module: regrow_pool_info
short_description: Reads the VMs of a pool from vCenter
description:
  - Name, identity, marks, power and connection state, usable addresses, tools status and heartbeat of the pool's nodes
    and of their quarantined VMs, in one login and one reading.
  - What cannot be read is an error, never an empty pool. An entirely empty answer is an error too.
options:
  hostname: {type: str, required: true, description: vCenter's host name}
  port: {type: int, default: 443, description: vCenter's port}
  username: {type: str, required: true, description: vCenter's user}
  password: {type: str, description: vCenter's password; from VMWARE_PASSWORD when not given}
  validate_certs: {type: bool, default: true, description: check vCenter's certificate}
  datacenter: {type: str, required: true, description: datacenter}
  folder: {type: str, required: true, description: "the pool's folder, as an inventory path"}
  nodes: {type: list, elements: str, required: true, description: node names}
  pool: {type: str, required: true, description: the pool's name}
  run: {type: str, required: true, description: this run's id}
  builder: {type: str, required: true, description: this controller's name}
  last_known: {type: dict, default: {}, description: "each node's last known identity: moid and instance_uuid"}
  dead_runs: {type: list, elements: str, default: [], description: own runs that are certainly over}
author: [regrow]
'''
EXAMPLES = r'''
- name: Read the pool
  regrow_pool_info:
    hostname: vcenter.example.org
    username: svc-regrow@vsphere.local
    datacenter: dc1
    folder: /dc1/vm/web
    nodes: [webbox1, webbox2]
    pool: web
    run: 01h4x0000000aa
    builder: webbox1
'''
RETURN = r'''
regrow:
  description:
    - nodes (name to list of VMs, an empty list for a node without a VM), quarantined (list of VMs).
    - pending (name to somebody's claim or half-built VM that is not decided yet), unclear (name to the reason why it could
      not be told what others do about the node; nothing is to be concluded about it), unfinished (nodes that were rebuilt
      and certified while the VM that they replaced still stands in quarantine).
  returned: success
  type: dict
'''

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils import regrow_marks, regrow_protocol, regrow_vcenter
from ansible.module_utils.regrow_protocol import Refused, Unknown


def read(vcenter, params):
    nodes = params['nodes']
    vms = vcenter.all_vms()
    require_believable(vcenter, params, vms)
    for vm in vms:
        vm['mark'] = regrow_marks.parse_mark(vm['annotation'])
    pool = {node: [vm for vm in vms if vm['name'] == node] for node in nodes}
    for node in [name for name, found in pool.items() if not found]:
        if vcenter.named_in_folder(node) is not None:
            raise Unknown('the listing of vCenter lacks %s, which is there' % node)
    quarantined = [vm for vm in vms if any((vm['name'] or '').startswith(node + '.q.') for node in nodes)]
    aside = {vm['name'].split('.q.')[0] for vm in quarantined}
    return dict(work_of_others(vcenter, params, pool, aside), nodes=pool, quarantined=quarantined)


def work_of_others(vcenter, params, pool, aside):
    """What others have begun and not decided: for the few nodes where something speaks for it."""
    open_nodes = nodes_with_open_claims(vcenter.folders())
    pending, unclear, unfinished = {}, {}, []
    for node, found in pool.items():
        if node[:24] not in open_nodes and node not in aside and is_settled(found, params['pool']):
            continue
        context = regrow_protocol.Context(
            pool=params['pool'], node=node, run=params['run'], builder=params['builder'],
            last_known=params['last_known'].get(node), dead_runs=params['dead_runs'])
        try:
            seen = regrow_protocol.look(vcenter, context)
        except Refused:
            # A rebuild would be refused, and says why itself. What stands there half built gets older like any other.
            if len(found) == 1 and (found[0]['mark'] or {}).get('kind') == 'building':
                pending[node] = half_built(found[0], found[0]['mark'], 'refused', over=False)
            continue
        except Unknown as error:
            unclear[node] = str(error)
            continue
        if seen['unfinished']:
            unfinished.append(node)
        if seen['pending']:
            pending[node] = dict(seen['pending'], over=False)
        elif seen['x_mark'] and seen['x_mark']['kind'] == 'building':
            pending[node] = left_over(seen)
    return {'pending': pending, 'unclear': unclear, 'unfinished': unfinished}


def require_believable(vcenter, params, vms):
    """A listing that lacks everything that was known is a fault of vCenter, of a privilege or of the network, until shown otherwise."""
    if any(not vm['name'] for vm in vms):
        raise Unknown('vCenter lists VMs without their names')
    names = {vm['name'] for vm in vms}
    known = [node for node in params['nodes'] if params['last_known'].get(node)]
    if known and not any(node in names for node in known):
        raise Unknown('vCenter lists none of the VMs of the pool that were known')
    if not vms and any(vcenter.named_in_folder(node) for node in params['nodes']):
        raise Unknown('vCenter lists no VM at all, and yet has some of the pool')


def left_over(seen):
    """A half-built VM that nobody goes on with: its generation is decided, or its runs were this controller's and are over."""
    return half_built(seen['x'], seen['x_mark'], 'over', over=True)


def half_built(vm, mark, word, over):
    return {'incident': mark['incident'], 'generation': mark['g'], 'runs': [mark['run']], 'by': mark['by'],
            'fingerprint': '%s.%s.%s' % (word, vm['moid'], mark['run']), 'over': over}


def is_settled(found, pool):
    mark = found[0]['mark'] if len(found) == 1 else None
    return mark is not None and mark['kind'] == 'certified' and mark['pool'] == pool


def nodes_with_open_claims(folders):
    """Beginnings of the names of nodes that have a claim without a decision."""
    names = {folder['name'] for folder in folders}
    claims = [name[:-len('.claim')] for name in names if name.endswith('.claim')]
    return {claim.split('.')[0] for claim in claims if claim + '.end' not in names}


def main():
    module = AnsibleModule(
        argument_spec=regrow_vcenter.argument_spec(
            nodes=dict(type='list', elements='str', required=True),
            pool=dict(type='str', required=True),
            run=dict(type='str', required=True),
            builder=dict(type='str', required=True),
            last_known=dict(type='dict', default={}),
            dead_runs=dict(type='list', elements='str', default=[])),
        supports_check_mode=True)
    regrow_vcenter.run_module(module, lambda vcenter: (False, read(vcenter, module.params)))


if __name__ == '__main__':
    main()
