#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r'''
module: regrow_places
short_description: Tells of each place where a VM of the pool may be put whether it is there
description:
  - As regrow_preflight, for all nodes in one login, and to its end, whatever is missing. Reads only.
options:
  hostname: {type: str, required: true, description: vCenter's host name}
  port: {type: int, default: 443, description: vCenter's port}
  username: {type: str, required: true, description: vCenter's user}
  password: {type: str, description: vCenter's password; from VMWARE_PASSWORD when not given}
  validate_certs: {type: bool, default: true, description: check vCenter's certificate}
  datacenter: {type: str, required: true, description: datacenter}
  folder: {type: str, required: true, description: "the pool's folder, as an inventory path"}
  datastores: {type: list, elements: str, default: [], description: datastores}
  clusters: {type: list, elements: str, default: [], description: clusters}
  esxi_hostnames: {type: list, elements: str, default: [], description: hosts}
  resource_pools: {type: list, elements: str, default: [], description: resource pools}
  networks: {type: list, elements: str, default: [], description: networks of vCenter}
author: [regrow]
'''
EXAMPLES = r'''
- name: Which places does vCenter show?
  regrow_places:
    hostname: vcenter.example.org
    username: svc-regrow@vsphere.local
    datacenter: dc1
    folder: /dc1/vm/web
    datastores: [ds1, ds2]
    clusters: [c1]
    networks: [DYNAMIC_NET]
'''
RETURN = r'''
regrow:
  description: >-
    places (a list of kind, name, class and message of what is wrong or null, free_bytes of a datastore), privileges
    (granted, missing, unknown)
  returned: success
  type: dict
'''

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils import regrow_placement, regrow_vcenter
from ansible.module_utils.regrow_protocol import Unknown


def examined(vcenter, params):
    places = regrow_placement.Places(vcenter)
    answer = [dict(kind=kind, name=name, **look(places, kind, name))
              for kind in regrow_placement.KINDS for name in params[kind + 's']]
    return {'places': answer, 'privileges': regrow_placement.privileges_of(vcenter)}


def look(places, kind, name):
    """A vCenter that cannot be reached any more says nothing about a place: that goes on as what it is."""
    try:
        if kind == 'datastore':
            return {'class': None, 'message': None, 'free_bytes': places.free_bytes(name)}
        places.locate(kind, name)
        return {'class': None, 'message': None}
    except Unknown as unknown:
        if unknown.error_class == 'vcenter_unreachable':
            raise
        return {'class': unknown.error_class, 'message': str(unknown)}


def main():
    names = dict((kind + 's', dict(type='list', elements='str', default=[])) for kind in regrow_placement.KINDS)
    module = AnsibleModule(argument_spec=regrow_vcenter.argument_spec(**names), supports_check_mode=True)
    regrow_vcenter.run_module(module, lambda vcenter: (False, examined(vcenter, module.params)))


if __name__ == '__main__':
    main()
