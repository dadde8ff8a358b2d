#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r'''
module: regrow_vm
short_description: Proves and secures the state of exactly one VM, by its id
description:
  - The steps of the rebuild protocol that concern one VM and that no stock module does by its managed object id.
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
    choices: ['off', quarantined, released, proven, addressed, reapable, gone]
    description:
      - C(off) powers off the judged VM, while the probe that speaks against it is of the present.
      - C(quarantined) waits for the proof that the judged VM is off, renames it and disconnects its networks for good.
      - C(released) is the same proof without rename, for a VM that is destroyed instead.
      - C(proven) tells whether the VM that was just deployed is ours, and applies the declared hardware.
      - C(addressed) waits for a usable address. C(reapable) tells whether a half-built VM may be destroyed.
      - C(gone) waits until the VM does not exist any more.
  pool: {type: str, required: true, description: the pool's name}
  node: {type: str, required: true, description: the node's name}
  run: {type: str, required: true, description: this run's id}
  builder: {type: str, required: true, description: this controller's name}
  moid: {type: str, required: true, description: the VM's managed object id}
  instance_uuid: {type: str, description: the VM's instance uuid}
  incident: {type: str, description: the incident}
  generation: {type: int, description: the generation}
  created: {type: bool, default: false, description: "for proven, whether the deploy reported a change"}
  mark: {type: str, description: "for proven, the building mark"}
  disks: {type: int, description: "for proven, the declared number of disks"}
  cpus: {type: int, description: declared number of CPUs}
  memory_mb: {type: int, description: declared memory in MiB}
  mac: {type: str, description: declared MAC address}
  probed_at: {type: float, description: "for off, this machine's uptime in seconds when the node was probed"}
  timeout: {type: int, default: 60, description: seconds to wait}
author: [regrow]
'''
EXAMPLES = r'''
- name: Wait for a usable address
  regrow_vm:
    state: addressed
    moid: vm-42
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
  description: the VM as read after the change, and what was proven
  returned: success
  type: dict
'''

import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils import regrow_protocol as protocol
from ansible.module_utils import regrow_vcenter


def identity(params):
    return {'moid': params['moid'], 'instance_uuid': params['instance_uuid']}


def off(vcenter, context, params):
    return protocol.power_off(vcenter, context, identity(params), params['probed_at']), {'status': 'off'}


def quarantined(vcenter, context, params):
    result = protocol.quarantine(vcenter, context, identity(params), params['timeout'])
    return not result['gone'], result


def released(vcenter, context, params):
    return False, protocol.quarantine(vcenter, context, identity(params), params['timeout'], destroy=True)


def proven(vcenter, context, params):
    result = protocol.prove(vcenter, context, params['incident'], params['generation'], params['moid'],
                            params['created'], params['mark'])
    if not result['ours']:
        return False, result
    changed = vcenter.set_hardware(params['moid'], params['cpus'], params['memory_mb'], params['mac'])
    if changed:
        result['vm'] = vcenter.vm(params['moid'])
    result['differs'] = differences(result['vm'], params)
    return changed, result


def differences(vm, params):
    """Declared values that the VM does not have: {name: [declared, found]}."""
    wanted = {'cpus': params['cpus'], 'memory_mb': params['memory_mb'], 'disks': params['disks']}
    found = {name: [value, vm.get(name)] for name, value in wanted.items() if value and vm.get(name) != value}
    if params['mac'] and params['mac'].lower() not in vm.get('macs', []):
        found['mac'] = [params['mac'], vm.get('macs')]
    return found


def addressed(vcenter, context, params):
    deadline, pause_s = time.monotonic() + params['timeout'], 0.05
    while True:
        vm = vcenter.vm(params['moid'])
        if vm is None or (vm['power'] == 'on' and vm['addresses']) or time.monotonic() > deadline:
            return False, {'vm': vm, 'address': vm['addresses'][0] if vm and vm['addresses'] else None}
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 1)


def reapable(vcenter, context, params):
    target = dict(identity(params), incident=params['incident'], generation=params['generation'])
    return False, {'vm': protocol.reapable(vcenter, context, target)}


def gone(vcenter, context, params):
    deadline = time.monotonic() + params['timeout']
    while True:
        vm = vcenter.vm(params['moid'])
        if vm is None or time.monotonic() > deadline:
            return False, {'gone': vm is None, 'vm': vm}
        time.sleep(0.25)


STATES = {'off': off, 'quarantined': quarantined, 'released': released, 'proven': proven, 'addressed': addressed,
          'reapable': reapable, 'gone': gone}


def main():
    owned = ['incident', 'generation']
    module = AnsibleModule(
        argument_spec=regrow_vcenter.argument_spec(
            state=dict(type='str', required=True, choices=sorted(STATES)),
            pool=dict(type='str', required=True),
            node=dict(type='str', required=True),
            run=dict(type='str', required=True),
            builder=dict(type='str', required=True),
            moid=dict(type='str', required=True),
            instance_uuid=dict(type='str'),
            incident=dict(type='str'),
            generation=dict(type='int'),
            created=dict(type='bool', default=False),
            mark=dict(type='str'),
            disks=dict(type='int'),
            cpus=dict(type='int'),
            memory_mb=dict(type='int'),
            mac=dict(type='str'),
            probed_at=dict(type='float'),
            timeout=dict(type='int', default=60),
        ),
        required_if=[('state', 'proven', owned + ['mark']), ('state', 'reapable', owned)],
        supports_check_mode=True)
    params = module.params
    if module.check_mode:
        module.exit_json(changed=params['state'] in ('off', 'quarantined', 'proven'), regrow={'status': 'check_mode'})
    context = protocol.Context(params['pool'], params['node'], params['run'], params['builder'])
    work = STATES[params['state']]
    regrow_vcenter.run_module(module, lambda vcenter: work(vcenter, context, params))


if __name__ == '__main__':
    main()
