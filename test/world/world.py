"""A simulated vCenter that knows the truth, and checks every change against the protocol's promises at once.

The ghosts (what really was committed, certified, judged, whose a VM is) are never shown to the code under test.
"""
from __future__ import annotations

POOL, NODE = 'web', 'n3'
FOLDER, ELSEWHERE = '/dc/vm/web', '/dc/vm/other'


class Violation(AssertionError):
    """A promise of the protocol is broken."""

    def __init__(self, promise, message):
        super().__init__('%s: %s' % (promise, message))
        self.promise = promise


class Failed(Exception):
    """vCenter refuses an operation; the task fails and nothing happened."""


class Vm:
    def __init__(self, moid, name, annotation, born, maker=None, incident=None, generation=None):
        self.moid, self.uuid, self.name, self.annotation = moid, 'uuid-' + moid, name, annotation
        self.folder, self.power, self.uploading, self.connected = FOLDER, 'off', maker is not None, True
        self.networks, self.connection = True, 'connected'
        # ghosts
        self.born, self.maker, self.incident, self.generation = born, maker, incident, generation
        self.certified_at = None
        self.sick, self.foreign = False, False

    def facts(self):
        return {'moid': self.moid, 'name': self.name, 'instance_uuid': self.uuid, 'annotation': self.annotation,
                'power': self.power, 'connection': self.connection, 'failover_in_progress': False, 'disks': 1,
                'committed_bytes': 10, 'addresses': ['192.0.2.9'] if self.power == 'on' else [],
                'created': '%08d' % self.born}


class Folder:
    def __init__(self, moid, name):
        self.moid, self.name, self.children = moid, name, []


class World:
    """operations: do(run, name, arguments). `run` is who asks: it has .id and .verdict (see builder.Run)."""

    def __init__(self, code, keep_old=True):
        self.code, self.marks = code, code.marks
        self.keep_old = keep_old            # False: a pool without quarantine gives S4 up
        self.vms, self.folders, self.gone = {}, {}, {}
        self.tick, self.serial = 0, 0
        self.log = []
        self.queue = []                     # operations that vCenter will do later, their answers lost
        self.committed = {}                 # ghost: moid -> (incident, generation, run)
        self.created = {}                   # ghost: incident -> generations that really built something
        self.meddled = False                # people or faults outside the protocol took VMs away
        self.drops_annotation = False
        first = self.add(NODE, self.marks.certified_line(POOL, 'hand', 'first', 'T'))
        first.power, first.certified_at = 'on', 0
        self.committed[first.moid] = (None, 0, 'first')

    # -- what tests and the scheduler do

    def add(self, name, annotation, **ghosts):
        self.serial += 1
        vm = Vm('vm-%d' % self.serial, name, annotation, self.tick, **ghosts)
        self.vms[vm.moid] = vm
        return vm

    def named(self, name=NODE):
        return [vm for vm in self.vms.values() if vm.name == name]

    def x(self):
        found = self.named()
        return found[0] if found else None

    def mark(self, vm):
        return self.marks.parse_mark(vm.annotation)

    def is_certified(self, vm):
        mark = self.mark(vm)
        return bool(mark) and mark['kind'] == 'certified'

    def in_quarantine(self):
        return [vm for vm in self.vms.values() if vm.name.startswith(NODE + '.q.')]

    def half_built(self):
        return [vm for vm in self.vms.values() if vm.incident and vm.certified_at is None]

    def decision(self, incident, number):
        """The truth about a generation, read from the folders by the ghost's own eyes."""
        for folder in self.folders.values():
            if folder.name == '%s.%d.end' % (incident, number):
                return 'commit' if any(child.startswith('commit.') for child in folder.children) else 'abort'
        return 'none'

    def undecided_claims(self):
        claims = [f.name[:-len('.claim')] for f in self.folders.values() if f.name.endswith('.claim')]
        ends = {f.name[:-len('.end')] for f in self.folders.values() if f.name.endswith('.end')}
        return [claim for claim in claims if claim not in ends]

    def vanish(self, vm):
        """An import that was not finished is taken away by vCenter; or a VM by people."""
        self.note('vCenter', 'vanish', (vm.moid,))
        self.gone[vm.moid] = self.vms.pop(vm.moid, vm)

    def collect(self):
        """Somebody tidies up: the folders of an incident that is over go, its VM certified and nothing in quarantine."""
        x = self.x()
        incident = self.committed.get(x.moid, (None,))[0] if x is not None and self.is_certified(x) else None
        if incident is None or self.in_quarantine():
            return
        self.note('people', 'collect', (incident,))
        for moid in [f.moid for f in self.folders.values() if f.name.startswith(incident + '.')]:
            del self.folders[moid]

    def note(self, who, name, arguments, outcome=''):
        self.log.append((self.tick, getattr(who, 'id', who), name, arguments, outcome))

    def require(self, promise, condition, message):
        if not condition:
            raise Violation(promise, message)

    # -- operations

    def do(self, run, name, arguments):
        self.tick += 1
        try:
            result = getattr(self, 'op_' + name)(run, *arguments)
        except Failed as failed:
            self.note(run, name, arguments, 'failed: %s' % failed)
            raise
        if name not in READS:
            self.note(run, name, arguments, result)
            self.require('S3', len([v for v in self.named() if v.folder == FOLDER]) <= 1, 'two VMs of the name')
        return result

    def late(self, index):
        """vCenter does now what was asked for long ago."""
        run, name, arguments = self.queue.pop(index)
        try:
            self.do(run, name, arguments)
        except (Failed, self.code.protocol.Unknown):
            pass

    def op_listing(self, run, name):
        run.listing = [vm.facts() for vm in self.vms.values()]
        return [vm for vm in run.listing if vm['name'] == name]

    def op_quarantined(self, run, node):
        found = [vm for vm in run.listing if vm['name'].startswith(node + '.q.')]
        return sorted(found, key=lambda vm: vm['created'])

    def op_vm(self, run, moid):
        vm = self.vms.get(moid)
        return vm.facts() if vm else None

    def op_named_in_folder(self, run, name):
        return next((vm.moid for vm in self.named(name) if vm.folder == FOLDER), None)

    def op_parents(self, run):
        return [(f.moid, f.name) for f in self.folders.values()]

    def op_children(self, run, parents):
        return [{'name': name, 'moid': moid, 'children': sorted(self.folders[moid].children)
                 if moid in self.folders and not name.endswith('.claim') else []} for moid, name in parents]

    def op_sleep(self, run, seconds):
        return None

    def op_create_folder(self, run, name):
        if any(f.name == name for f in self.folders.values()):
            return False
        self.serial += 1
        self.folders['group-%d' % self.serial] = Folder('group-%d' % self.serial, name)
        return True

    def op_create_child(self, run, moid, name):
        folder = self.folders.get(moid)
        if folder is None:
            raise self.code.protocol.Unknown('no such folder')
        if name in folder.children:
            return False
        folder.children.append(name)
        return True

    def op_rename_folder(self, run, moid, name):
        folder = self.folders.get(moid)
        if folder is None or any(f.name == name for f in self.folders.values()):
            return False
        folder.name = name
        for child in folder.children:
            parts = child.split('.', 2)
            if parts[0] == 'commit':
                vm = self.vms.get(parts[2]) or self.gone[parts[2]]
                self.require('S5', vm.maker == run.id == parts[1] and name == '%s.%d.end' % (vm.incident, vm.generation),
                             '%s commits %s, made by %s' % (run.id, vm.moid, vm.maker))
                self.committed[vm.moid] = (vm.incident, vm.generation, run.id)
        return True

    def may_touch(self, run, vm):
        """S1: the judged VM, its quarantined self, or a half-built VM whose generation was decided ABORT."""
        if vm.incident and vm.certified_at is None:
            # A VM without any mark is provably its maker's.
            return self.decision(vm.incident, vm.generation) == 'abort'
        if vm.name.startswith(NODE + '.q.') and vm.certified_at is not None:
            return True
        return run.may_judge(vm)

    def existing(self, moid):
        if moid not in self.vms:
            raise self.code.protocol.Unknown('ManagedObjectNotFound %s' % moid)
        return self.vms[moid]

    def op_rename_vm(self, run, moid, name):
        vm = self.existing(moid)
        if vm.name == name:
            return True
        self.require('S1', self.may_touch(run, vm), '%s renames %s' % (run.id, describe(vm)))
        if any(other.name == name and other.folder == vm.folder for other in self.vms.values()):
            return False
        vm.name = name
        return True

    def op_disconnect_networks(self, run, moid):
        vm = self.existing(moid)
        self.require('S1', self.may_touch(run, vm), '%s disconnects %s' % (run.id, describe(vm)))
        vm.networks = False

    def op_annotate(self, run, moid, text):
        vm = self.existing(moid)
        self.require('S5', vm.maker == run.id and vm.certified_at is None, '%s marks %s' % (run.id, describe(vm)))
        vm.annotation = text

    def op_certify(self, run, uuid, text):
        vm = next((v for v in self.vms.values() if v.uuid == uuid), None)
        if vm is None:
            raise Failed('no VM with this uuid, and none is made without a name')
        self.require('S5', vm.moid in self.committed, '%s certifies %s, which was not committed' % (run.id, describe(vm)))
        vm.annotation = text
        if vm.certified_at is None:
            vm.certified_at = self.tick

    def op_power_off(self, run, moid):
        vm = self.vms.get(moid)
        if vm is None:
            return 'non-existing'
        self.require('S1', self.may_touch(run, vm), '%s powers off %s' % (run.id, describe(vm)))
        vm.power = 'off'

    def op_power_on(self, run, moid):
        vm = self.vms.get(moid)
        if vm is None or vm.uploading:
            raise Failed('cannot be powered on')
        self.require('S5', vm.maker == run.id, '%s powers on %s, made by %s' % (run.id, describe(vm), vm.maker))
        vm.power = 'on'
        on = [v for v in self.vms.values() if v.power == 'on' and not v.foreign]
        self.require('S2', len(on) <= 1, 'powered on together: %s' % ', '.join(map(describe, on)))

    def op_destroy(self, run, uuid):
        vm = next((v for v in self.vms.values() if v.uuid == uuid), None)
        if vm is None:
            return 'gone already'
        if vm.power != 'off':
            raise Failed('the VM is powered on')
        if vm.uploading:
            raise Failed('the lease of its import is open')
        self.require('S1', self.may_touch(run, vm), '%s destroys %s' % (run.id, describe(vm)))
        if vm.certified_at is not None and self.keep_old:
            heirs = [v for v in list(self.vms.values()) + list(self.gone.values())
                     if v.born > vm.born and v.moid in self.committed and v.certified_at is not None]
            self.require('S4', heirs, '%s destroys %s before a replacement was certified' % (run.id, describe(vm)))
        self.gone[vm.moid] = self.vms.pop(vm.moid)
        if self.keep_old and not self.meddled:
            self.require('S4', any(v.certified_at is not None for v in self.vms.values()), 'no copy of the node is left')

    def op_deploy(self, run, name, annotation, incident, generation):
        """The import begins: refused for a name that is taken, with changed=false."""
        if any(vm.name == name and vm.folder == FOLDER for vm in self.vms.values()):
            taken = next(vm for vm in self.named(name) if vm.folder == FOLDER)
            return {'changed': False, 'moid': taken.moid}
        vm = self.add(name, '' if self.drops_annotation else annotation, maker=run.id, incident=incident,
                      generation=generation)
        self.created.setdefault(incident, set()).add(generation)
        return {'changed': True, 'moid': vm.moid}

    def op_upload_end(self, run, moid):
        vm = self.vms.get(moid)
        if vm is None:
            raise Failed('the import was aborted')
        vm.uploading = False

    def op_probe(self, run, moid):
        """The pool's own checks: 0 healthy, 1 failed, 3 cannot be told."""
        vm = self.vms.get(moid)
        return 1 if vm is None or vm.sick or vm.power != 'on' or not vm.networks else 0

    def op_hook(self, run):
        return None

    def op_load(self, run, moid):
        vm = self.vms.get(moid)
        if vm is None or vm.power != 'on':
            raise Failed('unreachable')


READS = frozenset(['listing', 'quarantined', 'vm', 'named_in_folder', 'parents', 'children', 'sleep', 'probe', 'load', 'hook'])


def describe(vm):
    kind = 'half-built of %s g=%s by %s' % (vm.incident, vm.generation, vm.maker) if vm.certified_at is None \
        else 'certified at %d' % vm.certified_at
    return '%s named %s (%s, %s)' % (vm.moid, vm.name, vm.power, kind)
