#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r'''
module: regrow_preflight
short_description: Proves that vCenter has what a new VM needs, before anything is harmed
description:
  - Datastore (accessible, not in maintenance, free space), cluster or host, resource pool, networks, and the privileges
    of the logged-in user on the pool's folder. Reads only.
options:
  hostname: {type: str, required: true, description: vCenter's host name}
  port: {type: int, default: 443, description: vCenter's port}
  username: {type: str, required: true, description: vCenter's user}
  password: {type: str, description: vCenter's password; from VMWARE_PASSWORD when not given}
  validate_certs: {type: bool, default: true, description: check vCenter's certificate}
  datacenter: {type: str, required: true, description: datacenter}
  folder: {type: str, required: true, description: "the pool's folder, as an inventory path"}
  datastore: {type: str, required: true, description: datastore}
  cluster: {type: str, description: cluster}
  esxi_hostname: {type: str, description: "host, instead of a cluster"}
  resource_pool: {type: str, description: resource pool}
  networks: {type: dict, default: {}, description: OVF network to vCenter network}
  need_bytes: {type: int, default: 0, description: bytes that the new VM needs on the datastore}
author: [regrow]
'''
EXAMPLES = r'''
- name: Has vCenter what a new VM needs?
  regrow_preflight:
    hostname: vcenter.example.org
    username: svc-regrow@vsphere.local
    datacenter: dc1
    folder: /dc1/vm/web
    datastore: ds1
    cluster: c1
    networks: {VM Network: DYNAMIC_NET}
'''
RETURN = r'''
regrow:
  description: free_bytes, room (whether a second VM fits beside the old one), privileges (granted, missing, unknown)
  returned: success
  type: dict
'''

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils import regrow_placement, regrow_vcenter
from ansible.module_utils.regrow_protocol import Unknown


def require_new_pyvmomi():
    """With an older one community.vmware creates a VM and then breaks down: it must be known before the fence."""
    from pyVmomi import VmomiSupport
    if not hasattr(VmomiSupport, 'VmomiJSONEncoder'):
        raise Unknown('pyVmomi on this machine is too old for community.vmware: it lacks VmomiJSONEncoder',
                      'ansible_missing')


def preflight(vcenter, params):
    require_new_pyvmomi()
    places = regrow_placement.Places(vcenter)
    free_bytes = places.free_bytes(params['datastore'])
    for kind in ('cluster', 'esxi_hostname', 'resource_pool'):
        if params[kind]:
            places.locate(kind, params[kind])
    for network in params['networks'].values():
        places.locate('network', network)
    privileges = regrow_placement.privileges_of(vcenter)
    if privileges['missing']:
        raise Unknown('the vCenter user lacks on %s: %s' % (params['folder'], ', '.join(privileges['missing'])),
                      'auth_failed')
    return {'free_bytes': free_bytes, 'room': free_bytes >= params['need_bytes'],
            'need_bytes': params['need_bytes'], 'privileges': privileges}


def main():
    module = AnsibleModule(
        argument_spec=regrow_vcenter.argument_spec(
            datastore=dict(type='str', required=True),
            cluster=dict(type='str'),
            esxi_hostname=dict(type='str'),
            resource_pool=dict(type='str'),
            networks=dict(type='dict', default={}),
            need_bytes=dict(type='int', default=0),
        ),
        supports_check_mode=True)
    regrow_vcenter.run_module(module, lambda vcenter: (False, preflight(vcenter, module.params)))


if __name__ == '__main__':
    main()
