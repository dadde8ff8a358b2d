"""What a new VM needs of vCenter: the places where it is put, and what the logged-in user may do there. Reads only."""
from __future__ import annotations

from ansible.module_utils import regrow_vcenter
from ansible.module_utils.regrow_protocol import Unknown

__metaclass__ = type

# The least that a rebuild needs, on the pool's folder. docs/operations.md lists them for the vCenter administrator.
PRIVILEGES = (
    'System.View', 'System.Read', 'VirtualMachine.Interact.PowerOn', 'VirtualMachine.Interact.PowerOff',
    'VirtualMachine.Interact.DeviceConnection', 'VirtualMachine.Config.Rename', 'VirtualMachine.Config.Annotation',
    'VirtualMachine.Config.EditDevice', 'VirtualMachine.Config.AddNewDisk', 'VirtualMachine.Inventory.Create',
    'VirtualMachine.Inventory.Delete', 'VApp.Import', 'Folder.Create', 'Folder.Delete')

# What people call each kind, and its class in pyVmomi.
KINDS = {
    'datastore': ('Datastore', 'Datastore'),
    'cluster': ('Cluster', 'ClusterComputeResource'),
    'esxi_hostname': ('Host', 'HostSystem'),
    'resource_pool': ('Resource pool', 'ResourcePool'),
    'network': ('Network', 'Network'),
}


class Places:
    """The places of one datacenter, by kind and name. Each kind is listed once."""

    def __init__(self, vcenter):
        self.vcenter = vcenter
        self.listed = {}

    def locate(self, kind, name):
        """The entity of that name. Raises Unknown when vCenter shows none: it is not there, or the user must not see it."""
        label, type_name = KINDS[kind]
        if kind not in self.listed:
            found = self.vcenter.children_of_datacenter(getattr(regrow_vcenter.vim, type_name))
            self.listed[kind] = {entity.get('name'): entity['ref'] for entity in found}
        if name not in self.listed[kind]:
            raise Unknown("%s '%s' could not be located" % (label, name), 'playbook_error')
        return self.listed[kind][name]

    def free_bytes(self, name):
        """Room on the datastore of that name. Raises Unknown when nothing can be put there now."""
        datastore = self.locate('datastore', name)
        summary = self.vcenter.call(lambda: datastore.summary)
        if not summary.accessible or (summary.maintenanceMode or 'normal') != 'normal':
            raise Unknown("Datastore '%s' is not accessible or in maintenance" % name, 'no_capacity')
        return summary.freeSpace


def privileges_of(vcenter):
    """A vCenter that cannot tell is no reason to stop: the operations themselves will be refused."""
    try:
        session = vcenter.content.sessionManager.currentSession.key
        answer = vcenter.content.authorizationManager.HasPrivilegeOnEntities(
            [vcenter.folder], session, list(PRIVILEGES))
    except Exception:
        return {'granted': [], 'missing': [], 'unknown': list(PRIVILEGES)}
    granted = {item.privId for entity in answer for item in entity.privAvailability if item.isGranted}
    return {'granted': sorted(granted), 'missing': sorted(set(PRIVILEGES) - granted), 'unknown': []}
