"""The protocol of a rebuild: who may touch what, in which order. docs/protocol.md tells why each guard is there.

Works on a `vcenter` with these operations (regrow_vcenter.Vcenter is the real one, test/world holds a simulated one):
  named(name) -> [vm]          VMs of that name in the whole datacenter
  quarantined(node) -> [vm]    VMs named `node.q.*`
  vm(moid) -> vm or None       None only when vCenter says that no such object exists
  named_in_folder(name) -> moid or None      a second, direct look at one name in the pool's folder
  folders() -> [{'name', 'moid', 'children'}]
  create_folder(name) -> bool  True for exactly one caller
  create_child(moid, name), rename_folder(moid, name) -> bool
  rename_vm(moid, name) -> bool, disconnect_networks(moid), annotate(moid, text)
Each may raise Unknown: then nothing is concluded. A vm is a dict: moid, name, instance_uuid, annotation, power, ...
"""
from __future__ import annotations

import hashlib
import time

from ansible.module_utils import regrow_marks as marks

__metaclass__ = type


class Unknown(Exception):
    """vCenter's state could not be read or was contradictory; never a reason to act."""

    def __init__(self, message, error_class='unknown'):
        super(Unknown, self).__init__(message)
        self.error_class = error_class


class Refused(Exception):
    """A gate that holds: a coded reason, with its facts."""

    def __init__(self, gate, message, **facts):
        super(Refused, self).__init__(message)
        self.gate = gate
        self.facts = facts


class Context:
    """What a run knows of itself; every value is plain data.

    judged, last_known: {'moid', 'instance_uuid'} or None. dead_runs: own runs that are certainly over. expired:
    fingerprints of claims and marks that this controller saw unchanged for longer than D by its own clock.
    """

    def __init__(self, pool, node, run, builder, judged=None, last_known=None, dead_runs=(), expired=(),
                 generations=5, force=(), disks=None):
        self.pool = pool
        self.node = node
        self.run = run
        self.builder = builder
        self.judged = judged
        self.last_known = last_known
        self.dead_runs = frozenset(dead_runs)
        self.expired = frozenset(expired)
        self.generations = generations
        self.force = frozenset(force)
        self.disks = disks


def mark_of(vm):
    return marks.parse_mark(vm.get('annotation'))


def is_identity(vm, identity):
    """Whether a VM is the one meant: moid and instance uuid, never the name."""
    if vm is None or not identity or vm['moid'] != identity.get('moid'):
        return False
    wanted = identity.get('instance_uuid')
    return not wanted or vm.get('instance_uuid') == wanted


def identity_of(vm):
    return {'moid': vm['moid'], 'instance_uuid': vm['instance_uuid']}


class View:
    """One reading of everything that concerns a node."""

    def __init__(self, vcenter, context):
        self.vcenter = vcenter
        self.context = context
        named = vcenter.named(context.node)
        if len(named) > 1:
            raise Refused('ambiguous_name', 'vCenter has %d VMs named %s' % (len(named), context.node),
                          moids=[vm['moid'] for vm in named])
        self.x = named[0] if named else None
        if self.x is None:
            # A listing may be shortened by a fault; a direct look must agree before "absent" is believed.
            direct = vcenter.named_in_folder(context.node)
            if direct is not None:
                raise Unknown('the listing lacks %s, but %s has that name' % (context.node, direct))
        elif not self.x.get('instance_uuid'):
            raise Unknown('the configuration of %s cannot be read' % self.x['moid'])
        self.held_back = [vm for vm in vcenter.quarantined(context.node) if self.is_held_back(vm)]
        self.folders = vcenter.folders()

    def is_held_back(self, vm):
        """Ours to care for: set aside under its own id, with the note of this pool. Another pool may use the same names."""
        if vm['name'] != marks.quarantine_name(self.context.node, vm['moid']):
            return False
        if not vm.get('instance_uuid'):
            raise Unknown('the configuration of %s cannot be read' % vm['moid'])
        mark = mark_of(vm)
        return mark is not None and mark['kind'] == 'certified' and mark['pool'] == self.context.pool

    def generations(self, incident):
        return marks.read_generations(self.folders, incident)

    def generation(self, incident, number):
        return self.generations(incident).get(number, marks.Generation(number))

    def judge(self):
        """The identity that this remediation is about: {'moid', 'instance_uuid'}, or None when no VM ever was.

        A verdict counts while a certified VM has the name. Else what everybody sees goes first (the mark on the
        half-built VM, the VM in quarantine), so that all controllers work on one incident and none on a VM that was
        judged while it was being built.
        """
        context = self.context
        known = context.judged or context.last_known
        mark = mark_of(self.x) if self.x else None
        if self.x is not None and not (mark and mark['kind'] == 'building'):
            return dict(context.judged) if context.judged else identity_of(self.x)
        if mark:
            judged = self.identity_behind(mark['incident'])
        else:
            judged = identity_of(self.held_back[-1]) if self.held_back else known
        judged = self.behind_commits(judged)
        self.refuse_if_taken_out(known, judged)
        return judged

    def identity_behind(self, incident):
        moid = marks.moid_of_incident(incident)
        vm = self.vcenter.vm(moid) if moid else None
        # The uuid of a VM that is gone is gone with it; the incident's name is what all can see.
        return {'moid': moid, 'instance_uuid': vm['instance_uuid'] if vm else None, 'incident': incident}

    def behind_commits(self, judged):
        """A committed VM that vanished, or was set aside in its turn, is the next incident's identity."""
        for dummy in range(100):
            committed = [g.commit['moid'] for g in self.generations(self.incident(judged)).values() if g.commit]
            if not committed:
                return judged
            vm = self.vcenter.vm(committed[0])
            if vm is None:
                judged = self.identity_behind(self.incident_of_lost(committed[0]))
            elif vm['name'] == marks.quarantine_name(self.context.node, vm['moid']):
                judged = identity_of(vm)
            else:
                return judged
        raise Unknown('more than 100 incidents of %s in a row' % self.context.node)

    def incident_of_lost(self, moid):
        """The incident of a VM that is gone: the one that is on record, else one that every controller names alike."""
        known = marks.incidents_of(self.folders, self.context.node, moid)
        return known[0] if known else marks.incident_id(self.context.pool, self.context.node, moid, None)

    def refuse_if_taken_out(self, known, judged):
        """The last VM that we know of, standing under a name that is not ours: somebody took it out, and it may run."""
        if not known or not known.get('moid') or (judged and judged['moid'] == known['moid']):
            return
        vm = self.vcenter.vm(known['moid'])
        if is_identity(vm, known) and vm['name'] not in (
                self.context.node, marks.quarantine_name(self.context.node, vm['moid'])):
            raise Refused('renamed', '%s is named %s now; somebody took it out: give it its name back, or delete it' % (
                vm['moid'], vm['name']))

    def commit_of_x(self):
        """The generation that was committed for the VM that carries the name and is certified: {'incident', 'generation'}."""
        mark = mark_of(self.x) if self.x else None
        if mark is None or mark['kind'] != 'certified' or self.x['name'] != self.context.node:
            return None
        for found in marks.read_commits(self.folders):
            if found['moid'] == self.x['moid'] and found['run'] == mark['run']:
                return {'incident': found['incident'], 'generation': found['generation']}
        return None

    def incident(self, judged):
        if judged and judged.get('incident'):
            return judged['incident']
        judged = judged or {}
        return marks.incident_id(self.context.pool, self.context.node, judged.get('moid'),
                                 judged.get('instance_uuid'))


def fingerprint(view, incident, generation):
    """Changes when anything about a claim or a half-built VM changes; equal for as long as nobody works on it."""
    x = view.x or {}
    mark = mark_of(x) if x else None
    parts = [incident, str(generation.number), str(generation.claimed), generation.decision,
             ','.join(sorted(generation.tokens)), x.get('moid', ''), (mark or {}).get('run', '')]
    return hashlib.sha256('\0'.join(parts).encode('utf-8')).hexdigest()[:24]


def look(vcenter, context):
    """Step 1, 3 and 12: what stands there, and what this run may do. Reads only.

    status: free (may claim; `abort` lists the generations to end first), finish (see `unfinished`), replaced, held,
    exhausted.
    """
    view = View(vcenter, context)
    judged = view.judge()
    incident = view.incident(judged)
    generations = view.generations(incident)
    number = lowest_open(generations)
    current = generations.get(number, marks.Generation(number))
    seen = {'node': context.node, 'incident': incident, 'judged': judged, 'generation': number, 'x': view.x,
            'x_mark': mark_of(view.x) if view.x else None, 'abort': [], 'pending': None,
            'generations': [generations[key].facts() for key in sorted(generations)],
            'quarantined': view.held_back}
    seen['judged_vm'] = vcenter.vm(judged['moid']) if judged and judged.get('moid') else None
    seen['unfinished'] = unfinished(view)
    refuse_if_strange(view, seen, judged)
    seen['status'] = status_of(view, seen, current, incident)
    return seen


def unfinished(view):
    """The commit of the VM that carries the name, while VMs that it replaced stand in quarantine (11): anybody finishes it."""
    commit_of_x = view.commit_of_x()
    return [commit_of_x] if commit_of_x and superseded(view) else []


def superseded(view):
    """The VMs in quarantine, when a committed and certified VM carries the name: it was made after all of them.

    They need not be of the incident of that commit: a replacement may be lost before it is certified, and controllers
    that see different things may judge different VMs. One listing tells of both, so none was set aside later.
    """
    return [vm for vm in view.held_back if vm['moid'] != view.x['moid']] if view.commit_of_x() else []


def lowest_open(generations):
    number = 1
    while number in generations and generations[number].decision == 'abort':
        number += 1
    return number


def refuse_if_strange(view, seen, judged):
    """Gates that no force overrides: what is not provably ours is not touched."""
    mark, x, vm = seen['x_mark'], seen['x'], seen['judged_vm']
    if x is not None and mark is None:
        raise Refused('not_certified', '%s (%s) carries no certifying note' % (x['name'], x['moid']), vm=x['moid'])
    if mark is not None and mark['pool'] != view.context.pool:
        raise Refused('foreign_pool', '%s (%s) belongs to pool %s' % (x['name'], x['moid'], mark['pool']))
    if vm is not None and judged.get('instance_uuid') and vm['instance_uuid'] != judged['instance_uuid']:
        raise Refused('identity_changed', '%s has another instance uuid than the judged VM' % vm['moid'])
    if vm is not None and (x is None or mark['kind'] == 'building'):
        allowed = marks.quarantine_name(view.context.node, vm['moid'])
        if vm['name'] != allowed:
            raise Refused('renamed', 'the judged VM %s is named %s now; somebody took it out: give it its name back, '
                                     'or delete it' % (vm['moid'], vm['name']))


def status_of(view, seen, current, incident):
    context, x, mark = view.context, seen['x'], seen['x_mark']
    if current.decision == 'commit':
        return finish_status(view, seen, incident, current)
    if x is not None and mark['kind'] == 'certified' and not is_identity(x, seen['judged']):
        return 'replaced'
    if mark is not None and mark['kind'] == 'building':
        status = status_of_building(view, seen, mark, incident, current)
        if status:
            return status
    if current.claimed:
        return claim_status(view, seen, incident, current)
    built = [g for g in seen['generations'] if g['decision'] == 'abort' and g['built']]
    return 'exhausted' if len(built) >= context.generations else 'free'


def finish_status(view, seen, incident, generation):
    x, mark = seen['x'], seen['x_mark']
    if x is not None and x['moid'] != generation.commit['moid'] and mark['kind'] == 'certified':
        return 'replaced'
    if x is None or x['moid'] != generation.commit['moid']:
        raise Refused('committed_vm_missing', 'the VM committed for %s (%s) is not there; nothing may be destroyed' % (
            view.context.node, generation.commit['moid']), commit=generation.commit)
    committed = {'incident': incident, 'generation': generation.number}
    if mark['kind'] != 'certified' and committed not in seen['unfinished']:
        seen['unfinished'].append(committed)
    return 'finish' if seen['unfinished'] else 'replaced'


def status_of_building(view, seen, mark, incident, current):
    """X carries a building mark, of this incident or of another (12b)."""
    generation = view.generation(mark['incident'], mark['g'])
    if generation.decision == 'abort':
        seen['reap'] = dict(identity_of(seen['x']), incident=mark['incident'], generation=mark['g'])
        return None
    if generation.decision == 'commit':
        return finish_status(view, seen, mark['incident'], generation)
    if mark['incident'] == incident and mark['g'] == current.number and current.claimed:
        return None
    return claim_status(view, seen, mark['incident'], generation)


def claim_status(view, seen, incident, generation):
    """Somebody holds the generation: held, unless it is certainly over or was seen unchanged for longer than D."""
    context = view.context
    mark = seen['x_mark'] or {}
    # A mark of anything else says nothing of who holds this generation.
    if mark.get('kind') != 'building' or mark['incident'] != incident or mark['g'] != generation.number:
        mark = {}
    runs = set(generation.tokens) | ({mark['run']} if mark else set())
    print_now = fingerprint(view, incident, generation)
    over = bool(runs) and runs <= context.dead_runs
    if over or print_now in context.expired:
        seen['abort'].append({'incident': incident, 'generation': generation.number,
                              'reason': 'own run is dead' if over else 'unchanged for longer than the deadline'})
        return 'free'
    seen['pending'] = {'incident': incident, 'generation': generation.number, 'runs': sorted(runs),
                       'by': mark.get('by'), 'fingerprint': print_now}
    return 'held'


def gates_of(vm, context):
    """Eligibility of the judged VM, as [(gate, message, may be forced)]. Every one fails closed."""
    held = []
    mark = mark_of(vm)
    if mark is None or mark['kind'] != 'certified' or mark['pool'] != context.pool:
        held.append(('not_certified', '%s carries no certifying note of pool %s' % (vm['moid'], context.pool), False))
    if vm.get('connection') != 'connected':
        held.append(('host_not_connected', 'the host of %s is %s: it cannot be fenced' % (
            vm['moid'], vm.get('connection')), False))
    if vm.get('failover_in_progress'):
        held.append(('ha_restart', 'vSphere HA is restarting %s' % vm['moid'], False))
    if context.disks is not None and vm.get('disks') is not None and vm['disks'] > context.disks:
        held.append(('undeclared_disks', '%s has %d disks, the image and regrow.yml declare %d' % (
            vm['moid'], vm['disks'], context.disks), True))
    return [(gate, message, forced) for gate, message, forced in held if not (forced and gate in context.force)]


def require_eligible(vm, context):
    held = gates_of(vm, context)
    if held:
        gate, message, dummy = held[0]
        raise Refused(gate, message, held=[{'gate': g, 'message': m, 'forceable': f} for g, m, f in held])


def abort(vcenter, incident, number):
    """ABORT a generation unless it is decided already; returns the decision that stands: obey it."""
    vcenter.create_folder(marks.end_name(incident, number))
    return decision(vcenter, incident, number)


def decision(vcenter, incident, number):
    generation = marks.read_generations(vcenter.folders(), incident).get(number, marks.Generation(number))
    return generation


def claim(vcenter, context):
    """Steps 4 to 6: end what is certainly over, claim the generation, make the token, guard again under the claim.

    status: claimed (with `plan`: fence, absent or reap), or what look() says when this run may not go on.
    """
    for dummy in range(10):
        seen = look(vcenter, context)
        if seen['status'] != 'free':
            return seen
        if seen['abort']:
            for item in seen['abort']:
                abort(vcenter, item['incident'], item['generation'])
            continue
        if not vcenter.create_folder(marks.claim_name(seen['incident'], seen['generation'])):
            continue
        vcenter.create_folder(marks.token_name(seen['incident'], seen['generation'], context.run))
        return guard_under_claim(vcenter, context, seen)
    raise Unknown('the claims on %s keep changing' % context.node)


def guard_under_claim(vcenter, context, before):
    """Step 6. Whatever ends this run here ends its own generation, so that nobody waits for it."""
    incident, number = before['incident'], before['generation']
    try:
        view = View(vcenter, context)
        seen = dict(before, x=view.x, x_mark=mark_of(view.x) if view.x else None, reap=None)
        judged = before['judged']
        seen['judged_vm'] = vcenter.vm(judged['moid']) if judged and judged.get('moid') else None
        refuse_if_strange(view, seen, judged or {})
        seen['status'], seen['plan'] = plan_under_claim(view, context, seen, incident, number)
    except Refused:
        abort(vcenter, incident, number)
        raise
    except Unknown:
        try:
            abort(vcenter, incident, number)
        except Unknown:
            pass  # nobody can end it now: the next run does, or whoever saw it unchanged for longer than D
        raise
    if seen['status'] != 'claimed':
        abort(vcenter, incident, number)
    return seen


def plan_under_claim(view, context, seen, incident, number):
    x, mark = seen['x'], seen['x_mark']
    if x is None:
        return 'claimed', 'absent'
    if mark['kind'] == 'certified':
        if not is_identity(x, seen['judged']):
            return 'replaced', None
        require_eligible(x, context)
        return 'claimed', 'fence'
    if mark['incident'] == incident and mark['g'] >= number:
        return 'lost', None
    other = view.generation(mark['incident'], mark['g'])
    if other.decision != 'abort':
        return 'lost', None
    seen['reap'] = dict(identity_of(x), incident=mark['incident'], generation=mark['g'])
    return 'claimed', 'reap'


#: Seconds, of a clock that goes on while a machine sleeps, for which a probe may speak against a VM.
PROBE_HOLDS_S = 120


def power_off(vcenter, context, judged, probed_at, clock=time):
    """Step 7: the judged VM, and only while the probe that speaks against it is of the present.

    A login that hung, or a machine that slept, leaves this call pending while the node comes back. `probed_at`: the
    builder's uptime in seconds when it was probed; None where no probe counts: by a person's word, or of a VM that was not
    probed because it is suspended or lost its name.
    """
    vm = vcenter.vm(judged['moid'])
    if vm is None or vm['power'] == 'off':
        return False
    if not is_identity(vm, judged):
        raise Refused('identity_changed', '%s is not the judged VM any more' % judged['moid'])
    if probed_at is not None:
        age = clock.clock_gettime(clock.CLOCK_BOOTTIME) - probed_at
        if age > PROBE_HOLDS_S:
            raise Refused('probe_unknown', 'the probe of %s is %d s old by now, and says nothing of the present' % (context.node, age))
    vcenter.power_off(vm['moid'])
    return True


def quarantine(vcenter, context, judged, timeout_s, destroy=False, clock=time):
    """Steps 7 and 8: proof that the judged VM is off, then out of the way under the incident's name.

    Off before the rename, over incidents: only a VM that is off may carry the quarantine name. With `destroy` the
    caller removes it instead; this proves that it may. Returns {'gone': bool, 'vm': vm or None}.
    """
    deadline = clock.monotonic() + timeout_s
    away = marks.quarantine_name(context.node, judged['moid'])
    while True:
        vm = vcenter.vm(judged['moid'])
        if vm is None:
            return {'gone': True, 'vm': None}
        if not is_identity(vm, judged):
            raise Refused('identity_changed', '%s is not the judged VM any more' % judged['moid'])
        # Of a host that is not connected, vCenter tells what it knew last. A VM that was set aside was proven off before.
        if vm['power'] == 'off' and (vm['connection'] == 'connected' or vm['name'] == away):
            break
        if clock.monotonic() > deadline:
            raise Refused('fence_unproven', 'vCenter does not say that %s is off' % judged['moid'], power=vm['power'])
        clock.sleep(0.25)
    if vm['name'] not in (context.node, away):
        raise Refused('renamed', 'the judged VM %s is named %s now' % (vm['moid'], vm['name']))
    if not destroy:
        if vm['name'] != away and not vcenter.rename_vm(vm['moid'], away):
            raise Refused('quarantine_name_taken', 'another VM is named %s' % away)
        vcenter.disconnect_networks(vm['moid'])
        vm = vcenter.vm(vm['moid'])
    return {'gone': vm is None, 'vm': vm}


def prove(vcenter, context, incident, number, moid, changed, mark_line):
    """Step 9: the VM that deploy returned is ours only if it was created by us AND the mark says so.

    A vCenter that drops the annotation at import leaves an unmarked VM: `changed` proves that this run made it, and
    the mark is written at once.
    """
    vm = vcenter.vm(moid) if moid and changed else None
    if vm is None or vm['name'] != context.node:
        return {'ours': False, 'vm': winner(vcenter, context)}
    mark = mark_of(vm)
    if mark is None and not marks.text_above_mark(vm['annotation']).strip():
        vcenter.annotate(moid, mark_line)
        vm = vcenter.vm(moid)
        mark = mark_of(vm) if vm else None
    if not mark_is(mark, incident, number, context.run):
        return {'ours': False, 'vm': vm}
    count_build(vcenter, context, incident, number, moid)
    return {'ours': True, 'vm': vm}


def winner(vcenter, context):
    """The VM that has the name instead of ours. "Already exists", and yet none has it, is a failure and no lost race."""
    named = vcenter.named(context.node)
    if not named and vcenter.named_in_folder(context.node) is None:
        raise Unknown('vCenter did not create %s, and yet no VM has that name' % context.node)
    return named[0] if named else None


def count_build(vcenter, context, incident, number, moid):
    """Only generations that tried to build a VM count towards the cap, also when the import failed."""
    for folder in vcenter.folders():
        if folder['name'] == marks.token_name(incident, number, context.run):
            vcenter.create_child(folder['moid'], marks.built_name(moid))


def mark_is(mark, incident, number, run):
    return (mark is not None and mark['kind'] == 'building' and mark['incident'] == incident and mark['g'] == number
            and mark['run'] == run)


def commit(vcenter, context, incident, number, moid):
    """Step 10: the sticky decision. Whatever the calls returned, the folders decide. Returns the Generation."""
    vm = vcenter.vm(moid)
    token = None
    for folder in vcenter.folders():
        if folder['name'] == marks.token_name(incident, number, context.run):
            token = folder['moid']
    if vm is not None and mark_is(mark_of(vm), incident, number, context.run) and token is not None:
        vcenter.create_child(token, marks.commit_name(context.run, moid))
        vcenter.rename_folder(token, marks.end_name(incident, number))
    # Refused or not done: no later answer may turn it into a commit.
    return abort(vcenter, incident, number)


def finish(vcenter, context, incident, number):
    """Step 11: what is left to do for a committed generation; anybody may, as often as they like. Reads only.

    Returns {'status': 'certify'|'retire'|'finished'|'missing', 'vm', 'annotation' (when to certify), 'old'}.
    """
    generation = decision(vcenter, incident, number)
    if generation.decision != 'commit':
        raise Unknown('generation %d of %s is not committed' % (number, incident))
    vm = vcenter.vm(generation.commit['moid'])
    result = {'vm': vm, 'commit': generation.commit, 'old': None, 'incident': incident, 'generation': number}
    mark = mark_of(vm) if vm else None
    if vm is None or vm['name'] != context.node or mark is None or mark['run'] != generation.commit['run']:
        return dict(result, status='missing')
    if mark['kind'] != 'certified':
        note = marks.certified_line(context.pool, mark['by'], mark['run'],
                                    time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
        return dict(result, status='certify', annotation=marks.with_mark(vm['annotation'], note))
    view = View(vcenter, context)
    old = [held for held in superseded(view) if view.x['moid'] == vm['moid']]
    return dict(result, status='retire' if old else 'finished', old=old[0] if old else None)


def reapable(vcenter, context, target):
    """Step 12b: a half-built VM whose generation was decided ABORT, read again after the decision; else None."""
    generation = decision(vcenter, target['incident'], target['generation'])
    if generation.decision != 'abort':
        return None
    vm = vcenter.vm(target['moid'])
    mark = mark_of(vm) if vm else None
    if vm is None or mark is None or mark['kind'] != 'building':
        return None
    if mark['incident'] != target['incident'] or mark['g'] != target['generation']:
        return None
    return vm
