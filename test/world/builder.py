"""One run of rebuild_node.yml as a generator that stops before every operation, in the order of the roles.

Every decision is taken by the product's own functions (stepwise.py); here is only what the YAML of ansible/roles does:
the order of the steps, `when` and rescue. test_world.py holds this order against the YAML. guards.py overrides methods to take
guards of the order away.
"""
from __future__ import annotations

from world import NODE, POOL, Failed


class TaskFailed(Exception):
    """An Ansible task failed; the play goes to its rescue."""


class End(Exception):
    """meta: end_host, after conclude.yml said what became of the run."""

    def __init__(self, outcome, **facts):
        super().__init__(outcome)
        self.outcome, self.facts = outcome, facts


class Run:
    """What one run knows: the extra-vars of rebuild.ts. Nothing changes here after the start."""

    def __init__(self, run, controller, judged=None, last_known=None, dead_runs=(), expired=(), generations=2, goal='rebuild',
                 force=(), dry_run=False, quarantine=True, room='beside', hooks=False):
        self.id, self.controller, self.judged, self.last_known = run, controller, judged, last_known
        self.dead_runs, self.expired, self.generations = list(dead_runs), list(expired), generations
        self.goal, self.force, self.dry_run = goal, list(force), dry_run
        self.room = room if quarantine else 'instead'
        self.hooks = hooks                  # playbooks of the user's own run before the fence
        self.looked_at = None               # ghost: when its first look was over
        self.listing = []
        self.claim, self.committed, self.seen, self.failure = None, False, None, None
        self.crashed, self.tried = False, False
        self.probed_at = None               # the builder's uptime at the probe; only the stories about old ones have it

    def may_judge(self, vm):
        """The ghost of S1: whom this run's verdict can be about. Without a given one, the VM that its own look saw."""
        if self.judged:
            return vm.moid == self.judged['moid']
        return vm.certified_at is not None and vm.certified_at <= (self.looked_at or 0)

    def params(self, **more):
        own = {'pool': POOL, 'node': NODE, 'run': self.id, 'builder': self.controller, 'judged': self.judged,
               'last_known': self.last_known, 'dead_runs': self.dead_runs, 'expired': self.expired,
               'generations': self.generations, 'force': self.force, 'disks': 1, 'incident': None, 'generation': None,
               'moid': None, 'instance_uuid': None, 'created': False, 'built': False, 'mark': None, 'probed_at': None, 'cpus': None, 'memory_mb': None,
               'mac': None, 'timeout': 60}
        own.update(more)
        return own


class Builder:
    def __init__(self, code, run):
        self.code, self.run = code, run

    # -- modules

    def module(self, steps):
        """run_module(): a gate is an answer, the unknown fails the task."""
        protocol = self.code.protocol
        try:
            return (yield from steps)[1]
        except protocol.Refused as refused:
            return {'status': 'refused', 'gate': refused.gate, 'message': str(refused)}
        except protocol.Unknown as unknown:
            raise TaskFailed(str(unknown))
        except Exception as error:  # a module that crashes is a failed task to Ansible, and a fault of ours
            self.code.module_errors.append(error)
            raise TaskFailed('%s: %s' % (type(error).__name__, error))

    def incident(self, state, **more):
        params = self.run.params(**more)
        return self.module(self.code.incident_states[state](None, self.code.context_of(params), params))

    def vm(self, state, **more):
        params = self.run.params(**more)
        context = self.code.protocol.Context(POOL, NODE, self.run.id, self.run.controller)
        return self.module(self.code.vm_states[state](None, context, params))

    def stock(self, name, *arguments):
        """A module of community.vmware; what it cannot do, and an answer that is lost, fails the task."""
        try:
            return (yield (name, arguments))
        except (Failed, self.code.protocol.Unknown) as failed:
            raise TaskFailed(str(failed))

    # -- playbooks/rebuild_node.yml and roles/rebuild/tasks/main.yml

    def steps(self):
        """The generator; returns the outcome."""
        try:
            try:
                vm = yield from self.rebuild()
            except TaskFailed as failed:
                self.run.failure = str(failed)
                try:
                    yield from self.abandon()
                except TaskFailed as again:
                    self.run.failure += ' / in the rescue: ' + str(again)
                return 'failed', {}
            return 'rebuilt', {'moid': vm['moid']}
        except End as end:
            return end.outcome, end.facts

    def rebuild(self):
        yield from self.look()
        yield from self.claim()
        if self.run.hooks:
            yield from self.before()
        yield from self.fence()
        vm = yield from self.create()
        yield from self.stock('power_on', vm['moid'])                  # boot.yml
        found = yield from self.vm('addressed', moid=vm['moid'])
        if not found.get('address'):
            raise TaskFailed('no address')
        yield from self.stock('load', vm['moid'])                      # role node, verify.yml
        left = yield from self.certify(vm)
        yield from self.finish(self.run.claim, left)                   # Retire
        return vm

    # look.yml, look_ends.yml, look_holds.yml

    def look(self):
        run = self.run
        seen = run.seen = yield from self.incident('look')
        if seen['status'] == 'refused':
            raise End('refused', gate=seen['gate'])
        if not run.dry_run:
            for item in seen['unfinished']:
                yield from self.finish_others(item)
        if run.goal == 'settle':
            yield from self.settle()
        if seen['status'] in ('finish', 'replaced', 'held'):
            raise End('in_progress_elsewhere' if seen['status'] == 'held' else 'already_replaced', pending=seen['pending'])
        if seen['status'] == 'exhausted':
            if seen.get('reap') and not run.dry_run:
                yield from self.reap(seen['reap'])
            raise End('refused', gate='exhausted')
        certified = bool(seen['x_mark']) and seen['x_mark']['kind'] == 'certified'
        if run.goal == 'bootstrap' and certified:
            raise End('already_healthy')
        if certified:
            yield from self.probe()
        if seen.get('gates'):
            raise End('refused', gate=seen['gates'][0]['gate'])
        if run.dry_run:
            raise End('refused', gate='dry_run')

    def settle(self):
        for item in self.run.seen['abort']:
            yield from self.incident('aborted', incident=item['incident'], generation=item['generation'])
        again = yield from self.incident('look')
        if again.get('reap'):
            yield from self.reap(again['reap'])
        raise End('settled', status=again['status'])

    def probe(self):
        x = self.run.seen['x']
        if x['power'] != 'on':
            return
        result = yield from self.stock('probe', x['moid'])
        if 'probe' in self.run.force:
            return
        if result == 0:
            yield from self.unclaim('already_healthy')
        if result == 3:
            yield from self.unclaim('refused', gate='probe_unknown')

    # claim.yml

    def claim(self):
        run = self.run
        pinned = dict(run.seen['judged'] or {'moid': None, 'instance_uuid': None}, incident=run.seen['incident'])
        seen = run.seen = yield from self.incident('claimed', judged=pinned)
        if seen['status'] != 'claimed':
            outcomes = {'refused': 'refused', 'replaced': 'already_replaced', 'finish': 'already_replaced',
                        'held': 'in_progress_elsewhere', 'lost': 'lost_race', 'exhausted': 'refused'}
            raise End(outcomes[seen['status']], gate=seen.get('gate'), pending=seen.get('pending'))
        run.claim = {'incident': seen['incident'], 'generation': seen['generation']}
        if seen['plan'] == 'fence':
            yield from self.probe()
        if seen['plan'] == 'reap':
            yield from self.reap(seen['reap'])

    # before.yml

    def before(self):
        run = self.run
        yield from self.stock('hook')
        found = yield from self.incident('guarded', judged=run.seen['judged'], **run.claim)
        seen = run.seen = dict(run.seen, **found)
        if seen['status'] != 'claimed':
            outcomes = {'refused': 'refused', 'replaced': 'already_replaced', 'lost': 'lost_race'}
            raise End(outcomes[seen['status']], gate=seen.get('gate'))
        if seen['plan'] == 'fence':
            yield from self.probe()
        if seen['plan'] == 'reap':
            yield from self.reap(seen['reap'])

    # fence.yml

    def fence(self):
        run, judged_vm = self.run, self.run.seen['judged_vm']
        if judged_vm is None:
            return
        judged = self.run.seen['judged']
        identity = {'moid': judged['moid'], 'instance_uuid': judged['instance_uuid']}
        if judged_vm['power'] != 'off':
            off = yield from self.vm('off', probed_at=None if 'probe' in run.force else run.probed_at, **identity)
            if off.get('status') == 'refused':
                yield from self.unclaim('refused', gate=off['gate'])
        state = 'quarantined' if run.room == 'beside' else 'released'
        proof = yield from self.vm(state, **identity)
        if proof.get('status') == 'refused':
            yield from self.unclaim('refused', gate=proof['gate'])
        if run.room == 'instead' and not proof['gone']:
            yield from self.destroy(proof['vm'])

    # create.yml

    def create(self):
        run, claim, marks = self.run, self.run.claim, self.code.marks
        mark = marks.building_line(POOL, claim['incident'], claim['generation'], run.controller, run.id, 'T')
        notes = marks.text_above_mark((run.seen['judged_vm'] or {}).get('annotation'))
        text = notes + '\n' + mark if notes else mark
        run.tried = True
        deployed = yield from self.stock('deploy', NODE, text, claim['incident'], claim['generation'])
        run.tried = deployed['changed']
        if deployed['changed']:
            yield from self.stock('upload_end', deployed['moid'])
        result = yield from self.vm('proven', moid=deployed['moid'], created=deployed['changed'],
                                    incident=claim['incident'], generation=claim['generation'], mark=text)
        if not result['ours']:
            yield from self.unclaim('lost_race')
        return result['vm']

    # certify.yml, overruled.yml, finish.yml

    def certify(self, vm):
        run = self.run
        decided = yield from self.incident('committed', moid=vm['moid'], **run.claim)
        if not decided['won']:
            yield from self.reap(dict(run.claim, moid=vm['moid'], instance_uuid=vm['instance_uuid']))
            raise End('lost_race')
        run.committed = True
        return decided['left']

    def finish(self, item, left=None):
        found = left or (yield from self.incident('finish', **item))
        if found['status'] == 'certify':
            yield from self.stock('certify', found['vm']['instance_uuid'], found['annotation'])
        if left or found['status'] == 'certify':
            found = yield from self.incident('finish', **item)
        if found['status'] not in ('retire', 'finished'):
            raise TaskFailed('the committed VM is %s' % found['status'])
        if found['status'] == 'retire':
            if found['old']['power'] != 'off':
                yield from self.stock('power_off', found['old']['moid'])
            yield from self.destroy(found['old'])

    def finish_others(self, item):
        try:
            yield from self.finish(item)
        except TaskFailed:
            mark = self.run.seen['x_mark']
            if not mark or mark['kind'] != 'certified':
                raise

    # reap.yml, unclaim.yml, abandon.yml; roles/vmware/tasks/destroy.yml

    def reap(self, target):
        found = yield from self.vm('reapable', **{name: target[name] for name in
                                                  ('moid', 'instance_uuid', 'incident', 'generation')})
        if found.get('vm'):
            if found['vm']['power'] != 'off':
                yield from self.stock('power_off', target['moid'])
            yield from self.destroy(found['vm'])

    def destroy(self, vm):
        yield from self.stock('destroy', vm['instance_uuid'])
        result = yield from self.vm('gone', moid=vm['moid'])
        if not result['gone']:
            raise TaskFailed('still there')

    def unclaim(self, outcome, **facts):
        if self.run.claim is not None:
            yield from self.incident('aborted', **self.run.claim)
        raise End(outcome, **facts)

    def abandon(self):
        run = self.run
        if run.claim is None or run.committed:
            return
        ended = yield from self.incident('aborted', built=run.tried, **run.claim)
        if ended['decision'] == 'commit':
            yield from self.finish(run.claim)
        seen = yield from self.incident('look')
        if seen.get('reap') and seen['reap']['incident'] == run.claim['incident']:
            yield from self.reap(seen['reap'])
