"""One mutation for each guard of the protocol: the product without it must break a promise in some schedule.

A patch changes the product's own source text; where a guard is an order of the roles, a Builder with that step moved
stands for the roles, and test_world.py holds the right order against the YAML. Run as a program, this prints the table
of docs/protocol.md.
"""
from __future__ import annotations

import sys
import time

import explore
import stepwise
from builder import Builder, End, TaskFailed
from schedule import Schedule
from world import NODE


class NoteBeforeCommit(Builder):
    def certify(self, vm):
        run, marks = self.run, self.code.marks
        yield from self.stock('certify', vm['instance_uuid'], marks.certified_line('web', run.controller, run.id, 'T'))
        yield from super().certify(vm)


class ByName(Builder):
    """The old way: whatever is called so by now."""

    def fence(self):
        judged_vm = self.run.seen['judged_vm']
        if judged_vm is not None and judged_vm['name'] == NODE:
            moid = yield from self.stock('named_in_folder', NODE)
            if moid is not None:
                yield from self.stock('power_off', moid)
        yield from super().fence()


class PrivateName(Builder):
    """Builds under a name of its own, and takes the node's name when it is finished."""

    def stock(self, name, *arguments):
        if name == 'deploy':
            arguments = ('%s.%s' % (NODE, self.run.id),) + arguments[1:]
        return (yield from super().stock(name, *arguments))

    def certify(self, vm):
        yield from self.stock('rename_vm', vm['moid'], NODE)
        yield from super().certify(vm)


class DestroyEarly(Builder):
    def certify(self, vm):
        if self.run.seen['judged_vm'] is not None:
            yield from self.destroy(self.run.seen['judged_vm'])
        yield from super().certify(vm)


class NoHelp(Builder):
    def finish_others(self, item):
        return
        yield


class NoSweep(Builder):
    def reap(self, target):
        if self.run.seen['status'] == 'exhausted' or self.run.goal == 'settle':
            return
        yield from super().reap(target)


class NotPinned(Builder):
    """The claim judges anew instead of taking what was looked at."""

    def claim(self):
        self.run.seen = dict(self.run.seen, judged=None, incident=None)
        yield from super().claim()

    def incident(self, state, **more):
        if state == 'claimed':
            more = {}
        return super().incident(state, **more)


class FinishOrFail(Builder):
    finish_others = Builder.finish


class NoObey(Builder):
    """A run whose own commit was refused says that it won."""

    def certify(self, vm):
        yield from self.incident('committed', moid=vm['moid'], **self.run.claim)
        self.run.committed = True
        yield from self.stock('certify', vm['instance_uuid'], self.code.marks.certified_line('web', 'x', self.run.id, 'T'))


P, M, I = 'protocol', 'marks', 'incident'
NO_DECISION = [(P, "    if generation.decision != 'abort':\n        return None\n", '')]
MARK_RUN = (P, "mark['g'] == number\n            and mark['run'] == run)", "mark['g'] == number)")
FINISH_RUN = (P, " or mark is None or mark['run'] != generation.commit['run']:", ' or mark is None:')
FINISH_ID = (P, "    vm = vcenter.vm(generation.commit['moid'])\n    result = {'vm': vm,",
             "    vm = (vcenter.named(context.node) or [None])[0]\n    result = {'vm': vm,")
CHANGED = (P, '    vm = vcenter.vm(moid) if moid and changed else None\n', '    vm = vcenter.vm(moid) if moid else None\n')
CHANGED_NAME = (P, "    if vm is None or vm['name'] != context.node:\n        return {'ours': False, 'vm': winner",
                "    if vm is None:\n        return {'ours': False, 'vm': winner")
PROVE_MARK = (P, "    if not mark_is(mark, incident, number, context.run):\n        return {'ours': False, 'vm': vm}\n", '')
COMMIT_MARK = (P, 'vm is not None and mark_is(mark_of(vm), incident, number, context.run) and token is not None',
               'vm is not None and token is not None')
REAP_BUILDING = (P, "    if vm is None or mark is None or mark['kind'] != 'building':\n        return None\n"
                    "    if mark['incident'] != target['incident'] or mark['g'] != target['generation']:\n        return None\n",
                 '    if vm is None:\n        return None\n')
REAP_SAME = (P, "    if mark['incident'] != target['incident'] or mark['g'] != target['generation']:\n        return None\n", '')
OTHER_ABORTED = (P, "    if other.decision != 'abort':\n        return 'lost', None\n", '')
OFF = (P, "        if vm['power'] == 'off' and (vm['connection'] == 'connected' or vm['name'] == away):\n            break\n",
       '        break\n')


FOLLOW = (P, "            return dict(context.judged) if context.judged else identity_of(self.x)\n        if mark:",
          "            return dict(context.judged) if context.judged else identity_of(self.x)\n"
          "        if context.judged:\n            return dict(context.judged)\n        if mark:")
OWN_ONLY = (P, "    return [vm for vm in view.held_back if vm['moid'] != view.x['moid']] if view.commit_of_x() else []",
            "    return [vm for vm in view.held_back if view.commit_of_x() "
            "and view.commit_of_x()['incident'] == view.incident(identity_of(vm))]")
READ_APART = (P, "[held for held in superseded(view) if view.x['moid'] == vm['moid']]",
              "[held for held in view.held_back if held['moid'] != vm['moid']]")


class OffAfterRename(Builder):
    """Sets aside first, powers off then."""

    def fence(self):
        judged_vm = self.run.seen['judged_vm']
        if judged_vm is not None and judged_vm['name'] == NODE:
            yield from self.stock('rename_vm', judged_vm['moid'], '%s.q.%s' % (NODE, judged_vm['moid']))
        yield from super().fence()


class FenceOnlyX(OffAfterRename):
    """And takes an absent X for a proof that the judged VM is off."""

    def fence(self):
        if self.run.seen['plan'] == 'fence':
            yield from super().fence()


class OnlyX(Builder):
    def fence(self):
        if self.run.seen['plan'] == 'fence':
            yield from super().fence()


class Guard:
    """name: as in docs/protocol.md. breaks: promises of which one must break, or () when nothing does, and `why`."""

    def __init__(self, name, breaks, patches=(), why='', builder=Builder, seed=None, **fixed):
        self.name, self.breaks, self.patches, self.builder, self.why = name, breaks, list(patches), builder, why
        self.fixed, self.seed = fixed, seed

    def plays(self, code, stride):
        yield from explore.one_fault(code, self.builder, **self.fixed)
        yield from explore.two_runs(code, self.builder, stride=stride, **self.fixed)

    def hunt(self, schedules, first=0, stride=3):
        """(schedules tried, promise, label, scene) of the first broken promise; promise None when nothing broke.

        `seed` is a random schedule that is known to break it: tried first, so that a test is quick.
        """
        if self.seed is not None:
            scene = Schedule(self.seed, stepwise.Code(self.patches), self.builder, **self.fixed)
            try:
                scene.play()
            except AssertionError as error:
                if error.promise in self.breaks:
                    return 1, error.promise, 'seed %d' % self.seed, scene
        code = stepwise.Code(self.patches)
        number, other = 0, None
        for label, play, fixed in self.plays(code, stride):
            number += 1
            scene = explore.Scene(code, self.builder, **fixed)
            try:
                play(scene)
            except AssertionError as error:
                if error.promise in self.breaks or not self.breaks:
                    return number, error.promise, label, scene
                other = error.promise, label, scene
        for seed in range(first, first + schedules):
            number += 1
            scene = Schedule(seed, code, self.builder, **self.fixed)
            try:
                scene.play()
            except AssertionError as error:
                if error.promise in self.breaks or not self.breaks:
                    return number, error.promise, 'seed %d' % seed, scene
                other = error.promise, 'seed %d' % seed, scene
        return (number,) + (other or (None, '', None))


S = ('S1', 'S2', 'S3', 'S4', 'S5')
GUARDS = [
    Guard('the decision', S, [(I, "won = commit.get('run')", "won = True or commit.get('run')"),
                              (P, "    if generation.decision != 'commit':\n        raise Unknown('generation %d of %s is not committed' % (number, incident))\n",
                               "    generation.commit = generation.commit or {'run': context.run, 'moid': [v['moid'] for v in vcenter.named(context.node)][0]}\n")]),
    Guard('its value, read as ABORT', S, [(M, "return 'commit' if self.commit else 'abort'", "return 'abort'")]),
    Guard('its value, read as COMMIT of what carries the name', S, [
        (M, "return 'commit' if self.commit else 'abort'", "return 'commit'"),
        (P, "    vm = vcenter.vm(generation.commit['moid'])\n    result",
            "    vm = vcenter.named(context.node)[0]\n    generation.commit = {'run': mark_of(vm)['run'], 'moid': vm['moid']}\n    result"),
        (P, "    if x is not None and x['moid'] != generation.commit['moid'] and mark['kind'] == 'certified':\n        return 'replaced'\n", ''),
        (P, "    if x is None or x['moid'] != generation.commit['moid']:\n", '    if x is None:\n')]),
    Guard('commit before the note', S, builder=NoteBeforeCommit),
    Guard('obeying the decision', S, builder=NoObey),
    Guard('acting by id: power off', S, builder=ByName, seed=123),
    Guard('reaping only aborted generations: at the last read', (), NO_DECISION,
          'look() and claim() name only VMs of aborted generations; both removed: next row but one'),
    Guard('reaping only aborted generations: under the claim', (), [OTHER_ABORTED],
          'the last read of reapable() decides; both removed: next row'),
    Guard('reaping only aborted generations: both', S, NO_DECISION + [OTHER_ABORTED], seed=34),
    Guard('is it ours: changed', ('S5',), [CHANGED], drops=True),
    Guard('is it ours: the mark', (), [PROVE_MARK], '`changed` proves it on an ordinary vCenter; both removed: next row'),
    Guard('is it ours: both', S, [CHANGED, PROVE_MARK, COMMIT_MARK]),
    Guard('building under the final name', ('S2',), [CHANGED_NAME], builder=PrivateName),
    Guard('destroy old after certify', S, builder=DestroyEarly),
    Guard('finish compares the id', (), [FINISH_ID], 'the run in the mark is compared; both removed: below'),
    Guard('finish compares the run', (), [FINISH_RUN], 'an id names one VM for ever; both removed: next row'),
    Guard('finish compares id and run', S, [FINISH_ID, FINISH_RUN], seed=302),
    Guard('off is proven', S, [OFF]),
    Guard('off is proven also when X is absent', (), builder=OnlyX,
          why='only a VM proven off is ever renamed; without that order: next row but one'),
    Guard('off before rename', (), builder=OffAfterRename,
          why='the proof is taken again when X is absent; both removed: next row'),
    Guard('off before rename, and proof when X is absent', S, builder=FenceOnlyX),
    Guard('re-read after ABORT, with collection', S, [REAP_BUILDING], collect=.2, seed=314),
    Guard('run token in the mark and the decision', S, [MARK_RUN, FINISH_RUN, FINISH_ID, CHANGED], seed=302),
    Guard('accepting an absent X', ('L1',), [(P, "        return 'claimed', 'absent'\n", "        return 'lost', None\n")]),
    Guard('takeover', ('L1',), [(P, '    if over or print_now in context.expired:', '    if False:')]),
    Guard('helping to finish', ('L1',), builder=NoHelp),
    Guard('sweeping', ('L1',), builder=NoSweep, failures=.9, faults=.03, seed=15),
    Guard('the claim itself', ('L1',), [(P, 'if not vcenter.create_folder(marks.claim_name(', 'if not (vcenter.create_folder(marks.claim_name('),
                                   (P, "seen['generation'])):\n            continue", "seen['generation'])) or True):\n            continue")],
          'safety holds without it, as the model says; but it also keeps a generation to one VM, that can be told aborted', seed=533),
    Guard('a claim is for what was looked at', S, builder=NotPinned, seed=34),
    Guard('a verdict about a half-built VM is not followed', (), [FOLLOW], 'what is forgotten in quarantine is retired later; '
          'both removed: next row but one', bad_verdicts=.5),
    Guard('what was set aside in its turn is the next incident', ('L1',), [
        (P, "            elif vm['name'] == marks.quarantine_name(self.context.node, vm['moid']):", '            elif False:')], seed=19),
    Guard('all that the certified VM replaced is removed', ('L1',), [OWN_ONLY], meddling=.01, bad_verdicts=.5, seed=19),
    Guard('that, and a verdict about a half-built VM not followed', ('L1',), [OWN_ONLY, FOLLOW], bad_verdicts=.5, seed=12),
    Guard('a refused commit leaves a decision', (), [
        (P, '    # Refused or not done: no later answer may turn it into a commit.\n    return abort(', '    return decision(')],
        'only the wait for D is saved'),
    Guard('an old VM that cannot be removed does not hold up', (), builder=FinishOrFail,
          why='here an old VM can always be removed in the end; test_an_old_vm_that_cannot_be_destroyed fails'),
]


def main(schedules):
    for guard in GUARDS:
        began = time.time()
        number, promise, label, scene = guard.hunt(schedules)
        wanted = 'nothing' if not guard.breaks else '/'.join(guard.breaks)
        print('%-58s %-4s %-28s after %5d in %4.1f s%s' % (
            guard.name, promise or '-', label, number, time.time() - began,
            '' if (promise in guard.breaks) or (promise is None and not guard.breaks) else '   <-- wanted ' + wanted), flush=True)


if __name__ == '__main__':
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1500)
