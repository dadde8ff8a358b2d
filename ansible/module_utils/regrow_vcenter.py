"""vCenter through pyVmomi: reading VMs and the decision folders, and the few changes that no stock module offers.

One login serves all reads and folder steps of a module call. What cannot be read raises Unknown; an object is gone only
when vCenter says ManagedObjectNotFound for its id.
"""
from __future__ import annotations

import re
import socket
import ssl
import time
import traceback

from ansible.module_utils.basic import env_fallback, missing_required_lib
from ansible.module_utils.regrow_protocol import Refused, Unknown

__metaclass__ = type

PYVMOMI_ERROR = None
try:
    from pyVim import connect
    from pyVmomi import vim, vmodl
except ImportError:
    PYVMOMI_ERROR = traceback.format_exc()

LOCKS = '.regrow'
CALL_TIMEOUT_S = 60
VM_PROPERTIES = ('name', 'config.instanceUuid', 'config.annotation', 'config.createDate', 'runtime.powerState',
                 'runtime.connectionState', 'runtime.vmFailoverInProgress', 'runtime.host', 'guest.ipAddress',
                 'guest.net', 'guest.toolsRunningStatus', 'guestHeartbeatStatus', 'summary.storage.committed')
DEVICE_PROPERTIES = ('config.hardware.device', 'config.hardware.numCPU', 'config.hardware.memoryMB')
POWER = {'poweredOn': 'on', 'poweredOff': 'off', 'suspended': 'suspended'}
LINK_LOCAL = re.compile(r'^(169\.254\.|127\.|0\.|fe80:|::1$)', re.I)


def argument_spec(**more):
    """The connection parameters, named as community.vmware names them."""
    spec = dict(
        hostname=dict(type='str', required=True),
        port=dict(type='int', default=443),
        username=dict(type='str', required=True),
        password=dict(type='str', no_log=True, fallback=(env_fallback, ['VMWARE_PASSWORD'])),
        validate_certs=dict(type='bool', default=True),
        datacenter=dict(type='str', required=True),
        folder=dict(type='str', required=True),
    )
    spec.update(more)
    return spec


def run_module(module, work):
    """Logs in, runs work(vcenter) and ends the module with {'regrow': its result} or a classified failure."""
    if PYVMOMI_ERROR:
        module.fail_json(msg=missing_required_lib('pyVmomi'), exception=PYVMOMI_ERROR, error_class='ansible_missing',
                         regrow={'failure': 'ansible_missing'})
    try:
        with Vcenter(module.params) as vcenter:
            changed, result = work(vcenter)
        module.exit_json(changed=changed, regrow=result)
    except Refused as refused:
        module.exit_json(changed=False, regrow={'status': 'refused', 'gate': refused.gate, 'message': str(refused),
                                                'facts': refused.facts})
    except Unknown as unknown:
        module.fail_json(msg=str(unknown), error_class=unknown.error_class, regrow={'failure': unknown.error_class})


def explain(error):
    """(error class, message) of whatever a call to vCenter raised."""
    message = getattr(error, 'msg', None) or str(error) or type(error).__name__
    if isinstance(error, vim.fault.InvalidLogin):
        return 'auth_failed', 'vCenter refuses the login: %s' % message
    if isinstance(error, (vim.fault.NoPermission, vim.fault.NotAuthenticated)):
        return 'auth_failed', 'vCenter denies the operation: %s %s' % (message, getattr(error, 'privilegeId', ''))
    if isinstance(error, (vim.fault.NoDiskSpace, vim.fault.InsufficientResourcesFault)):
        return 'no_capacity', message
    if isinstance(error, (ssl.SSLError, socket.error, EOFError)) or 'http' in type(error).__module__:
        return 'vcenter_unreachable', 'Unable to connect to vCenter: %s: %s' % (type(error).__name__, message)
    if isinstance(error, vmodl.MethodFault):
        return 'unknown', '%s: %s' % (type(error).__name__, message)
    return 'vcenter_unreachable', '%s: %s' % (type(error).__name__, message)


def ssl_context(validate):
    context = ssl.create_default_context()
    if not validate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Vcenter:
    """One session. `params`: the connection parameters of argument_spec()."""

    def __init__(self, params):
        self.params = params
        self.session = None
        self._locks = None
        self._listing = []

    def __enter__(self):
        socket.setdefaulttimeout(CALL_TIMEOUT_S)
        if not self.params.get('password'):
            raise Unknown('Password parameter is missing: set VMWARE_PASSWORD', 'auth_failed')
        try:
            self.session = connect.SmartConnect(
                host=self.params['hostname'], port=self.params['port'], user=self.params['username'],
                pwd=self.params['password'], sslContext=ssl_context(self.params['validate_certs']))
            self.content = self.session.RetrieveContent()
            self.datacenter = self._datacenter()
            self.folder = self._folder()
        except Unknown:
            raise
        except Exception as error:
            raise Unknown(explain(error)[1], explain(error)[0])
        return self

    def __exit__(self, *dummy):
        try:
            connect.Disconnect(self.session)
        except Exception:  # the session ends by itself; the work is done
            pass

    def call(self, function, *arguments):
        """Calls vCenter; everything that it raises becomes Unknown with a class, with the fault as its cause."""
        try:
            return function(*arguments)
        except Exception as error:
            error_class, message = explain(error)
            unknown = Unknown(message, error_class)
            unknown.fault = error
            raise unknown

    def task(self, function, *arguments):
        """Runs a vCenter task to its end. Raises Unknown with the fault when it fails."""
        task = self.call(function, *arguments)
        deadline, pause_s = time.monotonic() + 300, 0.01
        while time.monotonic() < deadline:
            info = self.call(lambda: task.info)
            if info.state == 'success':
                return info.result
            if info.state == 'error':
                error_class, message = explain(info.error)
                unknown = Unknown(message, error_class)
                unknown.fault = info.error
                raise unknown
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 0.5)
        raise Unknown('a task of vCenter did not end within 300 s')

    def _datacenter(self):
        name = self.params['datacenter']
        for entity in self._children(self.content.rootFolder, vim.Datacenter):
            if entity['name'] == name:
                return entity['ref']
        raise Unknown("Datacenter '%s' could not be located" % name, 'playbook_error')

    def _folder(self):
        found = self.content.searchIndex.FindByInventoryPath(self.params['folder'].lstrip('/'))
        if not isinstance(found, vim.Folder):
            raise Unknown('Unable to find the specified folder %s' % self.params['folder'], 'playbook_error')
        return found

    def _children(self, container, kind):
        view = self.content.viewManager.CreateContainerView(container, [kind], True)
        try:
            return self._collect([(view, 'view', vim.view.ContainerView)], kind, ('name',))
        finally:
            view.Destroy()

    def _collect(self, starts, kind, properties, single=False):
        """Property reads by the PropertyCollector: [{'ref': object, property: value}]."""
        collector = vmodl.query.PropertyCollector
        specs = []
        for start in starts:
            if single:
                specs.append(collector.ObjectSpec(obj=start))
                continue
            obj, path, type_ = start
            specs.append(collector.ObjectSpec(obj=obj, skip=True, selectSet=[
                collector.TraversalSpec(name='t', path=path, skip=False, type=type_)]))
        wanted = collector.FilterSpec(
            objectSet=specs, propSet=[collector.PropertySpec(type=kind, pathSet=list(properties), all=False)])
        found, page = [], self.content.propertyCollector.RetrievePropertiesEx(
            [wanted], collector.RetrieveOptions())
        while page is not None:
            for item in page.objects:
                found.append(dict([(p.name, p.val) for p in item.propSet], ref=item.obj,
                                  missing=[m.path for m in item.missingSet]))
            if not page.token:
                break
            page = self.content.propertyCollector.ContinueRetrievePropertiesEx(page.token)
        return found

    def children_of_datacenter(self, kind):
        """Name and reference of every entity of a kind below the datacenter."""
        return self.call(self._children, self.datacenter, kind)

    def all_vms(self):
        """Every VM of the datacenter."""
        def read():
            view = self.content.viewManager.CreateContainerView(self.datacenter, [vim.VirtualMachine], True)
            try:
                return self._collect([(view, 'view', vim.view.ContainerView)], vim.VirtualMachine, VM_PROPERTIES)
            finally:
                view.Destroy()
        return [as_vm(item) for item in self.call(read)]

    def named(self, name):
        """A fresh reading; quarantined() tells of the same one."""
        self._listing = self.all_vms()
        return [self._with_devices(vm) for vm in self._listing if vm['name'] == name]

    def quarantined(self, node):
        prefix = node + '.q.'
        found = [vm for vm in self._listing if (vm['name'] or '').startswith(prefix)]
        return sorted(found, key=lambda vm: vm['created'] or '')

    def vm(self, moid):
        """One VM by its id, with its devices; None only when vCenter says that it does not exist."""
        ref = vim.VirtualMachine(moid, self.session._stub)
        try:
            found = self._collect([ref], vim.VirtualMachine, VM_PROPERTIES + DEVICE_PROPERTIES, single=True)
        except vmodl.fault.ManagedObjectNotFound:
            return None
        except Exception as error:
            raise Unknown('reading %s: %s' % (moid, explain(error)[1]), explain(error)[0])
        if not found or found[0].get('name') is None:
            raise Unknown('vCenter answers nothing about %s' % moid)
        return as_vm(found[0])

    def _with_devices(self, vm):
        return self.vm(vm['moid']) or vm

    def named_in_folder(self, name):
        path = '%s/%s' % (self.params['folder'].strip('/'), name)
        found = self.call(self.content.searchIndex.FindByInventoryPath, path)
        return found._moId if isinstance(found, vim.VirtualMachine) else None

    def _lock_folder(self, make=True):
        """The folder of claims and decisions. Reading never makes it: None when there is none."""
        for dummy in range(2):
            for child in self._folders_in(self.folder) if self._locks is None else []:
                if child['name'] == LOCKS:
                    self._locks = child['ref']
            if self._locks is not None or not make:
                return self._locks
            self._create(self.folder, LOCKS)
        raise Unknown('the folder %s cannot be made in %s' % (LOCKS, self.params['folder']))

    def _folders_in(self, folder):
        return self.call(self._collect, [(folder, 'childEntity', vim.Folder)], vim.Folder, ('name',))

    def folders(self):
        """The decision folders with the names of their children, in two reads."""
        locks = self._lock_folder(make=False)
        parents = self._folders_in(locks) if locks is not None else []
        if not parents:
            return []
        collector = vmodl.query.PropertyCollector
        specs = [collector.ObjectSpec(obj=p['ref'], skip=True, selectSet=[collector.TraversalSpec(
            name='t', path='childEntity', skip=False, type=vim.Folder)]) for p in parents
            if not p['name'].endswith('.claim')]
        children = {}
        if specs:
            wanted = collector.FilterSpec(objectSet=specs, propSet=[
                collector.PropertySpec(type=vim.Folder, pathSet=['name', 'parent'], all=False)])
            page = self.call(self.content.propertyCollector.RetrievePropertiesEx, [wanted],
                             collector.RetrieveOptions())
            while page is not None:
                for item in page.objects:
                    values = dict((p.name, p.val) for p in item.propSet)
                    children.setdefault(values['parent']._moId, []).append(values['name'])
                page = self.call(self.content.propertyCollector.ContinueRetrievePropertiesEx,
                                 page.token) if page.token else None
        return [{'name': p['name'], 'moid': p['ref']._moId, 'children': sorted(children.get(p['ref']._moId, []))}
                for p in parents]

    def _create(self, parent, name):
        try:
            parent.CreateFolder(name)
            return True
        except vim.fault.DuplicateName:
            return False
        except Exception as error:
            raise Unknown('creating folder %s: %s' % (name, explain(error)[1]), explain(error)[0])

    def create_folder(self, name):
        """True for exactly one caller: vCenter refuses a second folder of that name."""
        return self._create(self._lock_folder(), name)

    def create_child(self, moid, name):
        return self._create(vim.Folder(moid, self.session._stub), name)

    def rename_folder(self, moid, name):
        """False when it did not happen. Whatever it says: read the decision and obey it."""
        try:
            self.task(vim.Folder(moid, self.session._stub).Rename_Task, name)
            return True
        except Unknown:
            return False

    def rename_vm(self, moid, name):
        try:
            self.task(vim.VirtualMachine(moid, self.session._stub).Rename_Task, name)
            return True
        except Unknown as unknown:
            if isinstance(getattr(unknown, 'fault', None), vim.fault.DuplicateName):
                return False
            raise

    def power_off(self, moid):
        """Hard, and done too where it is off or gone by now."""
        try:
            self.task(vim.VirtualMachine(moid, self.session._stub).PowerOffVM_Task)
        except Unknown as unknown:
            if not isinstance(getattr(unknown, 'fault', None), (vim.fault.InvalidPowerState, vmodl.fault.ManagedObjectNotFound)):
                raise

    def disconnect_networks(self, moid):
        """No card of this VM connects again, not even when somebody powers it on."""
        ref = vim.VirtualMachine(moid, self.session._stub)
        changes = []
        for device in self.call(lambda: ref.config.hardware.device):
            if isinstance(device, vim.vm.device.VirtualEthernetCard) and (
                    device.connectable is None or device.connectable.connected or device.connectable.startConnected):
                device.connectable = vim.vm.device.VirtualDevice.ConnectInfo(
                    connected=False, startConnected=False, allowGuestControl=False)
                changes.append(vim.vm.device.VirtualDeviceSpec(operation='edit', device=device))
        if changes:
            self.task(ref.ReconfigVM_Task, vim.vm.ConfigSpec(deviceChange=changes))

    def annotate(self, moid, text):
        self.task(vim.VirtualMachine(moid, self.session._stub).ReconfigVM_Task, vim.vm.ConfigSpec(annotation=text))

    def set_hardware(self, moid, cpus=None, memory_mb=None, mac=None):
        """Applies declared hardware to a VM that is off; returns whether anything had to change."""
        ref = vim.VirtualMachine(moid, self.session._stub)
        hardware = self.call(lambda: ref.config.hardware)
        spec, changed = vim.vm.ConfigSpec(), False
        if cpus and hardware.numCPU != cpus:
            spec.numCPUs, changed = cpus, True
        if memory_mb and hardware.memoryMB != memory_mb:
            spec.memoryMB, changed = memory_mb, True
        cards = [d for d in hardware.device if isinstance(d, vim.vm.device.VirtualEthernetCard)]
        if mac and cards and (cards[0].macAddress or '').lower() != mac.lower():
            cards[0].addressType, cards[0].macAddress = 'manual', mac
            spec.deviceChange = [vim.vm.device.VirtualDeviceSpec(operation='edit', device=cards[0])]
            changed = True
        if changed:
            self.task(ref.ReconfigVM_Task, spec)
        return changed


def addresses_of(item):
    """Usable addresses, the one that vCenter calls primary first; link-local ones never."""
    found = [item.get('guest.ipAddress')]
    for nic in item.get('guest.net') or []:
        found.extend(nic.ipAddress or [])
    usable = []
    for address in found:
        if address and not LINK_LOCAL.match(address) and address not in usable:
            usable.append(address)
    return sorted(usable, key=lambda address: ':' in address)


def as_vm(item):
    """The facts of one VM as plain data."""
    devices = item.get('config.hardware.device')
    vm = {
        'moid': item['ref']._moId,
        'name': item.get('name'),
        'instance_uuid': item.get('config.instanceUuid'),
        'annotation': item.get('config.annotation') or '',
        'power': POWER.get(str(item.get('runtime.powerState')), 'unknown'),
        'connection': str(item.get('runtime.connectionState') or 'unknown'),
        'failover_in_progress': bool(item.get('runtime.vmFailoverInProgress')),
        'host': item['runtime.host']._moId if item.get('runtime.host') else None,
        'addresses': addresses_of(item),
        'tools': str(item.get('guest.toolsRunningStatus') or 'unknown'),
        'heartbeat': str(item.get('guestHeartbeatStatus') or 'gray'),
        'committed_bytes': int(item.get('summary.storage.committed') or 0),
        'created': item['config.createDate'].isoformat() if item.get('config.createDate') else None,
    }
    if devices is not None:
        cards = [d for d in devices if isinstance(d, vim.vm.device.VirtualEthernetCard)]
        vm['disks'] = len([d for d in devices if isinstance(d, vim.vm.device.VirtualDisk)])
        vm['macs'] = [card.macAddress.lower() for card in cards if card.macAddress]
        vm['networks_connected'] = any(c.connectable and c.connectable.connected for c in cards)
        vm['cpus'] = item.get('config.hardware.numCPU')
        vm['memory_mb'] = item.get('config.hardware.memoryMB')
    return vm
