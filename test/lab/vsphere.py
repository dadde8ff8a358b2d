"""A vCenter client for tests of the lab itself: one JSON request a line on stdin, one JSON answer a line on stdout.

{"do": "power", "moid": "vm-32", "on": true} -> {"ok": true, "value": ...} or {"ok": false, "fault": "DuplicateName", "msg": "..."}
"""
import json
import os
import ssl
import sys
import time
import urllib.request

from pyVim import connect
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

HOST = os.environ['LAB_VCENTER']
TLS = ssl.create_default_context(cafile=os.environ['LAB_CA'])
si = None
leases = {}


def login(user, password):
    global si
    si = connect.SmartConnect(host=HOST, user=user, pwd=password, sslContext=TLS)
    return si.content.about.apiVersion


def obj(moid):
    kind = {'vm': vim.VirtualMachine, 'folder': vim.Folder, 'group': vim.Folder}[moid.split('-')[0]]
    return kind(moid, si._stub)


def at(path):
    found = si.content.searchIndex.FindByInventoryPath(path)
    if found is None:
        raise LookupError('nothing at %s' % path)
    return found


def plain(v):
    if isinstance(v, (str, int, float, bool)) or v is None:
        return v
    if isinstance(v, list):
        return [plain(x) for x in v]
    if isinstance(v, vim.ManagedEntity):
        return v._moId
    return str(v)


def get(moid, props):
    out = {}
    for p in props:
        v = obj(moid)
        for part in p.split('.'):
            v = getattr(v, part)
            if v is None:
                break
        out[p] = plain(v)
    return out


def list_vms():
    view = si.content.viewManager.CreateContainerView(si.content.rootFolder, [vim.VirtualMachine], True)
    spec = vim.PropertyCollector.FilterSpec(
        objectSet=[vim.PropertyCollector.ObjectSpec(obj=view, skip=True, selectSet=[
            vim.PropertyCollector.TraversalSpec(name='v', path='view', skip=False, type=vim.view.ContainerView)])],
        propSet=[vim.PropertyCollector.PropertySpec(type=vim.VirtualMachine, pathSet=['name', 'runtime.powerState'])])
    return sorted(o.propSet[0].val for o in si.content.propertyCollector.RetrieveContents([spec]))


def children(path):
    return sorted(c.name for c in at(path).childEntity)


def create_folder(parent, name):
    return at(parent).CreateFolder(name)._moId


def rename(moid, name):
    WaitForTask(obj(moid).Rename_Task(name))


def destroy(moid):
    WaitForTask(obj(moid).Destroy_Task())


def power(moid, on):
    WaitForTask(obj(moid).PowerOnVM_Task() if on else obj(moid).PowerOffVM_Task())


def shutdown(moid):
    obj(moid).ShutdownGuest()


def reconfigure(moid, annotation=None, name=None, change_version=None):
    spec = vim.vm.ConfigSpec(annotation=annotation, name=name, changeVersion=change_version)
    WaitForTask(obj(moid).ReconfigVM_Task(spec))


def connect_card(moid, connected):
    card = next(d for d in obj(moid).config.hardware.device if isinstance(d, vim.vm.device.VirtualEthernetCard))
    card.connectable.connected = card.connectable.startConnected = connected
    change = vim.vm.device.VirtualDeviceSpec(operation='edit', device=card)
    WaitForTask(obj(moid).ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[change])))


def find_uuid(uuid, instance):
    found = si.content.searchIndex.FindByUuid(None, uuid, True, instance)
    return found._moId if found else None


def import_vm(name, ovf, folder='/losangelesctr/vm/web', annotation=None, properties=None, warnings=False):
    """Opens the lease and waits until it is ready; the upload is a step of its own."""
    with open(ovf) as f:
        descriptor = f.read()
    if annotation:
        descriptor = descriptor.replace('<Info>A virtual machine</Info>', '<Info>A virtual machine</Info><AnnotationSection>'
                                        '<Info>note</Info><Annotation>%s</Annotation></AnnotationSection>' % annotation)
    cluster = at('/losangelesctr/host/c1')
    ds = next(d for d in cluster.datastore if d.name == 'ds1')
    net = next(n for n in cluster.network if n.name == 'DYNAMIC_NET')
    params = vim.OvfManager.CreateImportSpecParams(
        entityName=name, diskProvisioning='thin', networkMapping=[vim.OvfManager.NetworkMapping(name='VM Network', network=net)],
        propertyMapping=[vim.KeyValue(key=k, value=v) for k, v in (properties or {}).items()])
    spec = si.content.ovfManager.CreateImportSpec(descriptor, cluster.resourcePool, ds, params)
    if spec.error or warnings and spec.warning:
        raise ValueError((spec.error + spec.warning)[0].msg)
    lease = cluster.resourcePool.ImportVApp(spec.importSpec, at(folder))
    while lease.state == 'initializing':
        time.sleep(0.01)
    if lease.state == 'error':
        raise lease.error
    moid = lease.info.entity._moId
    leases[moid] = lease
    return {'moid': moid, 'timeout': lease.info.leaseTimeout}


def upload(moid, disk):
    lease = leases[moid]
    url = lease.info.deviceUrl[0].url.replace('*', HOST)
    with open(disk, 'rb') as f:
        req = urllib.request.Request(url, data=f, method='POST', headers={'Content-Length': str(os.path.getsize(disk))})
        urllib.request.urlopen(req, context=TLS)
    lease.HttpNfcLeaseProgress(100)


def complete(moid):
    leases[moid].HttpNfcLeaseComplete()


def abort(moid):
    leases[moid].HttpNfcLeaseAbort()


def lease_state(moid):
    lease = leases[moid]
    return {'state': str(lease.state), 'error': type(lease.error).__name__.split('.')[-1] if lease.error else None}


def deploy(name, ovf, disk, on=True, **options):
    moid = import_vm(name, ovf, **options)['moid']
    upload(moid, disk)
    complete(moid)
    if on:
        power(moid, True)
    return moid


DOES = {f.__name__: f for f in (login, get, list_vms, children, create_folder, rename, destroy, power, shutdown, reconfigure,
                                connect_card, find_uuid, import_vm, upload, complete, abort, lease_state, deploy)}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {'ok': True, 'value': DOES[request.pop('do')](**request)}
    except vmodl.MethodFault as e:
        answer = {'ok': False, 'fault': type(e).__name__.split('.')[-1], 'msg': e.msg or ''}
    except Exception as e:  # pylint: disable=broad-except
        answer = {'ok': False, 'fault': type(e).__name__, 'msg': str(e)}
    print(json.dumps(answer), flush=True)
