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
'''
RETURN = r'''
regrow:
  description: nodes (name to list of VMs, an empty list for a node without a VM), quarantined (list of VMs)
  returned: success
  type: dict
'''

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils import regrow_marks, regrow_vcenter
from ansible.module_utils.regrow_protocol import Unknown


def read(vcenter, nodes):
    vms = vcenter.all_vms()
    if not vms and any(vcenter.named_in_folder(node) for node in nodes):
        raise Unknown('vCenter lists no VM at all, and yet has some of the pool')
    for vm in vms:
        vm['mark'] = regrow_marks.parse_mark(vm['annotation'])
    pool = {node: [vm for vm in vms if vm['name'] == node] for node in nodes}
    for node in [name for name, found in pool.items() if not found]:
        if vcenter.named_in_folder(node) is not None:
            raise Unknown('the listing of vCenter lacks %s, which is there' % node)
    quarantined = [vm for vm in vms if any((vm['name'] or '').startswith(node + '.q.') for node in nodes)]
    return {'nodes': pool, 'quarantined': quarantined}


def main():
    module = AnsibleModule(
        argument_spec=regrow_vcenter.argument_spec(nodes=dict(type='list', elements='str', required=True)),
        supports_check_mode=True)
    regrow_vcenter.run_module(module, lambda vcenter: (False, read(vcenter, module.params['nodes'])))


if __name__ == '__main__':
    main()
