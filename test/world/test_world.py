"""The protocol against its simulated world: hand-written stories, every single fault, many schedules, and every guard."""
from __future__ import annotations

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import explore
import guards
import roles
import stepwise
from builder import Run
from schedule import Schedule, story
from world import ELSEWHERE, NODE

CODE = stepwise.Code()
SCHEDULES = int(os.environ.get('WORLD_SCHEDULES', '800'))


def scene(**fixed):
    return explore.Scene(CODE, **fixed)


class Stories(unittest.TestCase):
    """Each known bad story, step by step."""

    def tearDown(self):
        self.assertEqual(CODE.module_errors, [])

    def test_one_run_alone_rebuilds_the_node(self):
        s = scene()
        a = s.begin()
        self.assertEqual(a.to_end(), 'rebuilt')
        self.assertTrue(s.is_settled())
        self.assertEqual(s.changes(a), [
            'create_folder', 'create_folder', 'power_off', 'rename_vm', 'disconnect_networks', 'deploy', 'upload_end',
            'create_child', 'power_on', 'create_child', 'rename_folder', 'create_folder', 'certify', 'destroy'])

    def test_a_late_loser_does_not_touch_the_winners_vm(self):
        for step in ('power_off', 'rename_vm', 'disconnect_networks', 'deploy'):
            s = scene()
            late = s.until(s.begin(0), step)
            self.assertEqual(s.takeover(1).to_end(), 'rebuilt', step)
            new = s.world.x()
            self.assertIn(late.to_end(), ('lost_race', 'failed'), step)
            self.assertIs(s.world.x(), new, step)
            self.assertEqual(new.power, 'on', step)

    def test_the_loser_of_the_create_does_not_believe_that_it_won(self):
        s = scene()
        a = s.until(s.begin(0), 'deploy')
        b = s.until(s.takeover(1), 'deploy')
        a.step()
        self.assertEqual(b.to_end(), 'lost_race')
        self.assertNotIn('power_on', s.changes(b))
        a.to_end()
        s.settle()

    def test_certifying_and_reaping_race_both_ways(self):
        s = scene()
        a = s.until(s.begin(0), 'rename_folder')
        b = s.takeover(1)
        s.until(b, 'destroy')                       # the generation of A is aborted, its VM about to go
        self.assertEqual(a.to_end(), 'lost_race')
        b.to_end()
        s.settle()
        s = scene()
        a = s.until(s.begin(0), 'rename_folder')
        b = s.takeover(1)
        s.until(b, 'create_folder')                 # B is about to abort, and A is faster
        a.step()
        self.assertEqual(b.to_end(), 'already_replaced')
        self.assertEqual(a.to_end(), 'rebuilt')

    def test_a_builder_that_died_half_way_is_taken_over(self):
        for step in ('create_folder', 'power_off', 'rename_vm', 'deploy', 'upload_end', 'power_on', 'rename_folder', 'certify'):
            s = scene()
            s.until(s.begin(0), step).run.crashed = True
            s.settle()

    def test_a_hook_that_fails_ends_the_run_before_anything_is_harmed(self):
        s = scene()
        a = s.until(s.begin(hooks=True), 'hook')
        a.step('before')
        self.assertEqual(a.to_end(), 'failed')
        self.assertEqual(s.changes(a), ['create_folder', 'create_folder', 'hook', 'create_folder'])  # claim, token, ABORT
        self.assertEqual(s.begin(1, hooks=True).to_end(), 'rebuilt')
        self.assertTrue(s.is_settled())

    def test_a_node_that_comes_back_while_a_hook_runs_is_left_alone(self):
        s = scene()
        a = s.until(s.begin(hooks=True), 'hook')
        s.world.x().sick = False
        self.assertEqual(a.to_end(), 'already_healthy')
        self.assertNotIn('power_off', s.changes(a))

    def test_a_run_that_is_taken_over_while_its_hook_hangs_harms_nothing(self):
        s = scene()
        late = s.until(s.begin(0, hooks=True), 'hook')
        self.assertEqual(s.takeover(1, hooks=True).to_end(), 'rebuilt')
        new = s.world.x()
        self.assertEqual(late.to_end(), 'already_replaced')
        self.assertEqual(s.changes(late), ['create_folder'] * 3)
        self.assertIs(s.world.x(), new)
        self.assertEqual(new.power, 'on')

    def test_a_builder_that_dies_in_a_hook_is_taken_over(self):
        s = scene()
        s.until(s.begin(hooks=True), 'hook').run.crashed = True
        s.settle()

    def test_a_power_off_that_only_says_so_proves_nothing(self):
        s = scene()
        a = s.until(s.begin(), 'power_off')
        a.step('lie')
        self.assertEqual((a.to_end(), a.facts['gate']), ('refused', 'fence_unproven'))
        self.assertEqual(s.world.x().moid, s.first['moid'])
        s.settle()

    def test_a_probe_that_is_old_by_now_powers_nothing_off(self):
        s = scene()
        a = s.until(s.begin(), 'create_folder')
        a.run.probed_at = -1000.0
        self.assertEqual((a.to_end(), a.facts['gate']), ('refused', 'probe_unknown'))
        self.assertEqual((s.world.x().moid, s.world.x().power), (s.first['moid'], 'on'))

    def test_an_answer_lost_after_the_rename_leaves_a_state_to_go_on_from(self):
        for fault in ('before', 'after'):
            for step in ('rename_vm', 'disconnect_networks'):
                s = scene()
                a = s.until(s.begin(), step)
                a.step(fault)
                self.assertEqual(a.to_end(), 'failed')
                self.assertEqual(s.finish_all(), 'rebuilt')
                self.assertTrue(s.is_settled())

    def test_a_commit_whose_answer_is_lost_is_obeyed(self):
        s = scene()
        a = s.until(s.begin(), 'rename_folder')
        a.step('after')
        self.assertEqual(a.to_end(), 'rebuilt')
        s = scene()
        a = s.until(s.begin(), 'rename_folder')
        a.step()
        a.step('after')                             # and the decision cannot be read either: the rescue obeys it
        self.assertEqual(a.to_end(), 'failed')
        self.assertTrue(s.is_settled())

    def test_a_commit_that_did_not_happen_can_never_happen_later(self):
        s = scene()
        a = s.until(s.begin(), 'rename_folder')
        token, name = a.request[1]
        a.step('before')
        self.assertEqual(a.to_end(), 'lost_race')
        self.assertFalse(s.world.op_rename_folder(a.run, token, name))
        self.assertEqual(s.world.half_built(), [])

    def test_a_vcenter_that_drops_the_annotation(self):
        s = scene(drops=True)
        self.assertEqual(s.begin().to_end(), 'rebuilt')
        self.assertTrue(s.is_settled())

    def test_a_committed_vm_that_vanishes_is_the_next_incident_and_nothing_stays_in_quarantine(self):
        for step in ('certify', 'destroy'):
            s = scene()
            a = s.until(s.begin(), step)
            s.world.meddled = True
            s.world.vanish(s.world.x())
            a.to_end()
            self.assertEqual(s.begin(1, judged=None).to_end(), 'rebuilt')
            s.finish_all()
            self.assertTrue(s.is_settled(), s.state())

    def test_a_stale_verdict_changes_nothing(self):
        s = scene()
        s.begin().to_end()
        s.world.x().sick = True
        stale = s.begin(1)
        self.assertEqual(stale.to_end(), 'already_replaced')
        self.assertEqual(s.changes(stale), [])

    def test_a_verdict_about_a_half_built_vm_leads_to_its_incident(self):
        s = scene()
        a = s.until(s.begin(), 'load')
        wrong = s.identity(s.world.x())
        self.assertEqual(s.begin(1, judged=wrong).to_end(), 'in_progress_elsewhere')
        a.run.crashed = True
        b = s.takeover(1, judged=wrong)
        self.assertEqual(b.to_end(), 'rebuilt')
        self.assertEqual(b.run.seen['judged']['moid'], s.first['moid'])
        self.assertTrue(s.is_settled(), s.state())

    def test_a_vm_certified_between_look_and_claim_is_not_touched(self):
        for force in ([], ['probe']):
            s = scene()
            a = s.until(s.begin(0), 'certify')
            a.step()                                # certified, the old VM still in quarantine
            a.to_end()
            s.world.x().sick = True
            b = s.until(s.begin(1, judged=None, force=force), 'create_folder')
            s.begin(2, judged=None).to_end()        # faster: the VM that B looked at is replaced
            new = s.world.x()
            new.sick = True
            self.assertEqual(b.to_end(), 'already_replaced')
            self.assertIs(s.world.x(), new)
            self.assertEqual(new.power, 'on')

    def test_a_bootstrap_does_not_touch_a_vm_certified_meanwhile(self):
        s = scene()
        s.world.meddled = True
        s.world.vanish(s.world.x())
        b = s.until(s.begin(1, judged=None, goal='bootstrap', force=['probe']), 'create_folder')
        self.assertEqual(s.begin(0, judged=None, goal='bootstrap').to_end(), 'rebuilt')
        new = s.world.x()
        new.sick = True
        self.assertEqual(b.to_end(), 'already_replaced')
        self.assertIs(s.world.x(), new)

    def test_what_a_zombie_of_a_finished_incident_builds_later_is_removed(self):
        s = scene()
        zombie = s.until(s.begin(0), 'deploy')
        self.assertEqual(s.takeover(1).to_end(), 'rebuilt')
        second = s.world.x()
        second.sick = True
        b = s.until(s.begin(1, judged=s.identity(second)), 'deploy')      # the second VM is in quarantine now
        s.until(zombie, 'commit', 'create_child')
        b.to_end()
        zombie.run.crashed = True
        for judged in (None, s.identity(second)):
            s.begin(2, judged=judged).to_end()
        self.assertEqual(s.world.half_built(), [])
        s.settle()

    def test_exhausted_counts_builds_and_keeps_sweeping(self):
        s = scene(cap=2)
        for dummy in range(2):
            a = s.until(s.begin(), 'load')
            a.step('before')
            self.assertEqual(a.to_end(), 'failed')
        for dummy in range(2):
            a = s.begin(1)
            self.assertEqual((a.to_end(), a.facts['gate']), ('refused', 'exhausted'))
        self.assertEqual([vm.power for vm in s.world.in_quarantine()], ['off'])
        self.assertTrue(s.is_exhausted())

    def test_imports_that_always_fail_exhaust_too(self):
        for step in ('deploy', 'upload_end'):
            s = scene(cap=2)
            for dummy in range(9):
                a = s.begin()
                while a.alive and a.request[0] != step:
                    a.step()
                if not a.alive:
                    break
                a.step('before')
                a.to_end()
                for vm in s.world.half_built():
                    s.world.vanish(vm)
            self.assertEqual((a.outcome, a.facts['gate'], dummy), ('refused', 'exhausted', 2))

    def test_races_that_were_lost_do_not_count(self):
        s = scene(cap=2)
        for dummy in range(6):
            a = s.until(s.begin(), 'power_off')
            a.step('before')
            a.to_end()
        self.assertEqual(s.begin().to_end(), 'rebuilt')

    def test_an_old_vm_that_cannot_be_destroyed_does_not_keep_the_node_down(self):
        s = scene()
        a = s.until(s.begin(), 'destroy')
        a.step('before')
        a.to_end()
        second = s.world.x()
        second.sick = True
        for dummy in range(2):
            b = s.begin(1, judged=s.identity(second))
            while b.alive:
                b.step('before' if b.request[0] == 'destroy' and b.request[1][0] == 'uuid-' + s.first['moid'] else None)
        self.assertNotIn(s.world.x(), (None, second))
        self.assertEqual(s.world.x().power, 'on')
        for dummy in range(3):
            s.finish_all()
        self.assertTrue(s.is_settled(), s.state())

    def test_another_pools_vm_in_quarantine_is_not_ours(self):
        s = scene()
        foreign = s.world.add('%s.q.%s' % (NODE, 'vm-2'), s.world.marks.certified_line('db', 'x', 'y', 'T'))
        foreign.foreign, foreign.power, foreign.certified_at = True, 'on', 0
        s.world.meddled = True
        s.world.vanish(s.world.x())
        self.assertEqual(s.begin(judged=None).to_end(), 'rebuilt')
        s.finish_all()
        self.assertEqual((foreign.moid in s.world.vms, foreign.power, foreign.networks), (True, 'on', True))

    def test_two_vms_of_the_name_stop_everything(self):
        s = scene()
        a = s.until(s.begin(0), 'create_child')     # created, not yet recorded
        other = s.world.add(NODE, s.world.marks.certified_line('web', 'x', 'y', 'T'))
        other.folder, other.power, other.certified_at, other.foreign = ELSEWHERE, 'on', 0, True
        b = s.begin(1)
        self.assertEqual((b.to_end(), b.facts['gate'], s.changes(b)), ('refused', 'ambiguous_name', []))
        a.to_end()
        self.assertEqual((other.power, other.name), ('on', NODE))
        del s.world.vms[other.moid]
        s.settle()

    def test_two_vms_of_the_name_under_the_claim_end_the_own_generation(self):
        s = scene()
        a = s.until(s.begin(0), 'create_folder')
        other = s.world.add(NODE, s.world.marks.certified_line('web', 'x', 'y', 'T'))
        other.folder, other.foreign = ELSEWHERE, True
        self.assertEqual((a.to_end(), a.facts['gate']), ('refused', 'ambiguous_name'))
        self.assertEqual(s.world.undecided_claims(), [])

    def test_a_vm_that_people_took_out_is_not_replaced_while_it_may_run(self):
        s = scene()
        s.begin().to_end()
        node = s.world.x()
        node.name = 'kept-by-bob'
        for knowledge in ({'judged': s.identity(node)}, {'judged': None, 'last_known': s.identity(node)},
                          {'judged': None, 'last_known': s.first}):
            a = s.begin(1, **knowledge)
            self.assertEqual((a.to_end(), s.changes(a)), ('refused', []))
            self.assertIn(a.facts['gate'], ('renamed', 'committed_vm_missing'))

    def test_a_dry_run_changes_nothing(self):
        s = scene()
        s.until(s.begin(0), 'rename_folder')
        for dummy in range(2):
            a = s.begin(1, dry_run=True, dead_runs=['r001'])
            a.to_end()
            self.assertEqual((a.outcome, s.changes(a)), ('refused', []))

    def test_a_quarantined_vm_that_was_powered_on_is_off_before_the_new_one_goes_on(self):
        s = scene()
        a = s.until(s.begin(0), 'deploy')
        a.step('before')
        a.to_end()
        old = s.world.in_quarantine()[0]
        old.power = 'on'                            # vSphere HA, or a person
        self.assertEqual(s.begin(1, judged=None).to_end(), 'rebuilt')
        self.assertTrue(s.is_settled())
        with self.assertRaises(AssertionError) as broken:       # without the step of fence.yml for an absent X
            s = explore.Scene(CODE, guards.OnlyX)
            a = s.until(s.begin(0), 'deploy')
            a.step('before')
            a.to_end()
            s.world.in_quarantine()[0].power = 'on'
            s.begin(1, judged=None).to_end()
        self.assertEqual(broken.exception.promise, 'S2')

    def test_what_was_set_aside_later_is_not_taken_for_replaced(self):
        def course(code):
            s = explore.Scene(code)
            late = s.until(s.begin(0), 'certify')
            late.step()
            while not (late.request[0] == 'listing' and s.changes(late)[-1] == 'certify'):
                late.step()                         # it knows the second VM as certified, and not yet what is in quarantine
            s.world.x().sick = True
            s.begin(1, judged=None).to_end()        # the third VM takes its place
            s.world.x().sick = True
            s.until(s.begin(1, judged=None), 'deploy').run.crashed = True
            late.to_end()                           # the third is in quarantine, and nothing has replaced it
            return s
        s = course(CODE)
        self.assertEqual(len(s.world.in_quarantine()), 1)
        s.settle()
        with self.assertRaises(AssertionError) as broken:
            course(stepwise.Code([guards.READ_APART]))
        self.assertEqual(broken.exception.promise, 'S4')

    def test_without_quarantine_the_old_vm_goes_first(self):
        s = scene(keep_old=False)
        a = s.begin()
        self.assertEqual(a.to_end(), 'rebuilt')
        self.assertLess(s.changes(a).index('destroy'), s.changes(a).index('deploy'))

    def test_a_claim_lost_to_a_run_that_gave_up_is_tried_again(self):
        s = scene()
        b = s.until(s.begin(1), 'create_folder')
        a = s.until(s.begin(0), 'power_off')
        a.step('before')
        a.to_end()
        self.assertEqual(b.to_end(), 'rebuilt')

    def test_runs_by_hand_leave_tokens_that_are_read(self):
        s = scene()
        s.run_id = 'by-hand-20260101t%06d'
        actor = s.start(s.fleet[0], fair=True)
        s.until(actor, 'power_on')
        generation = CODE.marks.read_generations(
            [{'name': f.name, 'moid': f.moid, 'children': f.children} for f in s.world.folders.values()],
            actor.run.claim['incident'])[1]
        self.assertEqual((list(generation.tokens), generation.built), ([actor.run.id], True))


class Everything(unittest.TestCase):
    def clean(self, plays, at_least):
        number, found = explore.search(CODE, plays)
        if found:
            label, error, where = found
            self.fail('%s\n%s\n%s' % (label, error, story(where.world)))
        self.assertGreaterEqual(number, at_least)
        self.assertEqual(CODE.module_errors, [])
        print('world: %d interleavings' % number)

    def test_every_single_fault_at_every_step(self):
        self.clean(explore.one_fault(CODE), 200)

    def test_every_single_fault_with_hooks(self):
        self.clean(explore.one_fault(CODE, hooks=True), 200)

    def test_every_single_fault_without_quarantine(self):
        self.clean(explore.one_fault(CODE, keep_old=False), 200)

    def test_two_runs_stalled_at_every_pair_of_steps(self):
        self.clean(explore.two_runs(CODE), 1500)

    def test_many_random_schedules(self):
        operations = 0
        for seed in range(SCHEDULES):
            schedule = Schedule(seed, CODE, hooks=seed % 2 == 1)
            try:
                schedule.play()
            except AssertionError as error:
                self.fail('seed %d: %s\n%s\n%s' % (seed, error, schedule.choice, story(schedule.world)))
            operations += len(schedule.world.log)
        self.assertEqual(CODE.module_errors, [])
        print('world: %d schedules from seed 0, %d changes' % (SCHEDULES, operations))


class Guards(unittest.TestCase):
    """Every guard is needed: the product without it breaks a promise, in a schedule that is found again each time."""

    def test_every_guard(self):
        for guard in guards.GUARDS:
            with self.subTest(guard.name):
                if guard.breaks:
                    number, promise, label, where = guard.hunt(2500)
                    self.assertIn(promise, guard.breaks, '%s: nothing breaks without it' % guard.name)
                else:
                    self.assertTrue(guard.why)
                    number, promise, label, where = guard.hunt(40, stride=9)
                    self.assertIsNone(promise, '%s is needed: %s\n%s' % (guard.name, label, where and story(where.world)))
        print('world: %d guards' % len(guards.GUARDS))


def drive(steps, world, run):
    """Runs stepwise code to its end without anybody in between."""
    try:
        request = next(steps)
        while True:
            request = steps.send(world.do(run, *request))
    except StopIteration as stop:
        return stop.value


class Direct:
    """The world as the plain vcenter interface of regrow_protocol."""

    def __init__(self, world, run):
        self.world, self.run = world, run

    def __getattr__(self, name):
        return lambda *arguments: drive(stepwise.op_(name, *arguments), self.world, self.run)


def outcome(work, protocol):
    """What a call answers or raises, as plain data."""
    try:
        return work()
    except protocol.Refused as refused:
        return 'refused', refused.gate, str(refused)
    except protocol.Unknown as unknown:
        return 'unknown', str(unknown)


class Twin(unittest.TestCase):
    """The stepwise code answers as the unchanged modules do."""

    def test_unchanged_functions_and_stepwise_ones_agree(self):
        import ansible.module_utils
        ansible.module_utils.__path__.append(str(stepwise.ANSIBLE / 'module_utils'))
        from ansible.module_utils import regrow_protocol
        compared = 0
        for seed in range(60):
            s = Schedule(seed, CODE, faults=.02)
            s.chaos()
            for judged in (None, s.identity(s.world.x()) if s.world.x() else None):
                run = Run('twin', 'c0', judged=judged)
                facts = dict(pool='web', node=NODE, run='twin', builder='c0', judged=judged, generations=s.cap, disks=1)
                real = outcome(lambda: regrow_protocol.look(Direct(s.world, run), regrow_protocol.Context(**facts)),
                               regrow_protocol)
                mine = outcome(lambda: drive(CODE.protocol.look(None, CODE.protocol.Context(**facts)), s.world, run),
                               CODE.protocol)
                self.assertEqual(real, mine)
                compared += 1
        self.assertGreater(compared, 100)

    def test_a_claim_of_the_unchanged_functions_has_the_same_effects(self):
        import ansible.module_utils
        ansible.module_utils.__path__.append(str(stepwise.ANSIBLE / 'module_utils'))
        from ansible.module_utils import regrow_protocol
        for seed in range(60):
            logs = []
            for protocol in (regrow_protocol, CODE.protocol):
                s = Schedule(seed, CODE, faults=.02)
                s.chaos()
                run = Run('twin', 'c0')
                facts = dict(pool='web', node=NODE, run='twin', builder='c0', generations=s.cap, disks=1)
                if protocol is regrow_protocol:
                    answer = outcome(lambda: protocol.claim(Direct(s.world, run), protocol.Context(**facts)), protocol)
                else:
                    answer = outcome(lambda: drive(protocol.claim(None, protocol.Context(**facts)), s.world, run), protocol)
                logs.append((answer, s.world.log))
            self.assertEqual(*logs)


ORDER = {
    'abandon.yml': [
        'set_fact rebuild_failure',
        'do abort | rebuild_claim is not none and not rebuild_committed',
        "finish.yml | rebuild_claim is not none and not rebuild_committed and hypervisor_abort.regrow.decision == 'commit'",
        "conclude.yml | rebuild_claim is not none and not rebuild_committed and hypervisor_abort.regrow.decision == 'commit'",
        'do look | rebuild_claim is not none and not rebuild_committed',
        'reap.yml | rebuild_claim is not none and not rebuild_committed and hypervisor_look.regrow.reap | default(none) is not none and hypervisor_look.regrow.reap.incident == rebuild_claim.incident',
        'set_stats data',
        'fail',
    ],
    'after.yml': [
        'command',
    ],
    'before.yml': [
        'command',
        'fail | rebuild_hook.rc != 0',
        'do guard',
        'set_fact rebuild_seen',
        "conclude.yml | rebuild_seen.status != 'claimed'",
        "probe.yml | rebuild_seen.plan == 'fence'",
        "reap.yml | rebuild_seen.plan == 'reap'",
    ],
    'boot.yml': [
        'do power_on',
        'do address',
        'set_fact rebuild_address,rebuild_vm',
    ],
    'certify.yml': [
        'do commit',
        'overruled.yml | not hypervisor_commit.regrow.won',
        'set_fact rebuild_committed',
    ],
    'claim.yml': [
        'do claim',
        'set_fact rebuild_claim,rebuild_seen',
        "conclude.yml | rebuild_seen.status != 'claimed'",
        "probe.yml | rebuild_seen.plan == 'fence'",
        "reap.yml | rebuild_seen.plan == 'reap'",
    ],
    'conclude.yml': [
        'set_stats data',
        'meta end_host',
    ],
    'create.yml': [
        'do create',
        'unclaim.yml | not hypervisor_create.regrow.ours',
        'set_fact rebuild_vm',
        'assert',
    ],
    'exhausted.yml': [
        'reap.yml | rebuild_seen.reap | default(none) is not none and not (regrow_dry_run or ansible_check_mode)',
        'conclude.yml',
    ],
    'fence.yml': [
        "do fence | rebuild_seen.judged_vm is not none and rebuild_seen.judged_vm.power != 'off'",
        "unclaim.yml | rebuild_seen.judged_vm is not none and (hypervisor_fence | default({})).regrow.status | default('') == 'refused'",
        'set_fact rebuild_fenced | rebuild_seen.judged_vm is not none',
        "do quarantine | rebuild_seen.judged_vm is not none and rebuild_room == 'beside'",
        "do release | rebuild_seen.judged_vm is not none and rebuild_room != 'beside'",
        "unclaim.yml | rebuild_seen.judged_vm is not none and fence_proof.status | default('') == 'refused'",
        "do destroy | rebuild_seen.judged_vm is not none and rebuild_room == 'instead' and not hypervisor_release.regrow.gone",
    ],
    'finish.yml': [
        'do finish | finish_of.left | default(none) is none',
        "do certify | finish_left.status == 'certify'",
        "do finish | finish_of.left | default(none) is not none or hypervisor_finish.regrow.status == 'certify'",
        'assert',
        "do power_off | hypervisor_finish.regrow.status == 'retire' and hypervisor_finish.regrow.old.power != 'off'",
        "do destroy | hypervisor_finish.regrow.status == 'retire'",
    ],
    'finish_others.yml': [
        'finish.yml',
        "rescue: fail | rebuild_seen.x_mark.kind | default('') != 'certified'",
    ],
    'look.yml': [
        'do look',
        'set_fact rebuild_seen',
        "look_ends.yml | rebuild_goal != 'rebuild' or rebuild_seen.status != 'free' or rebuild_seen.unfinished | length > 0"
        ' or regrow_unjudged',
        "probe.yml | rebuild_seen.x_mark.kind | default('') == 'certified'",
        "look_holds.yml | regrow_dry_run | bool or ansible_check_mode or rebuild_seen.gates | default([]) | length > 0 or rebuild_room == 'none'",
    ],
    'look_ends.yml': [
        "conclude.yml | rebuild_seen.status == 'refused'",
        'finish_others.yml | not (regrow_dry_run or ansible_check_mode)',
        "settle.yml | rebuild_goal == 'settle'",
        "conclude.yml | rebuild_seen.status in ['finish', 'replaced', 'held']",
        "conclude.yml | regrow_unjudged | bool and rebuild_seen.x_mark.kind | default('') == 'certified'",
        "exhausted.yml | rebuild_seen.status == 'exhausted'",
        "conclude.yml | rebuild_goal == 'bootstrap' and rebuild_seen.x_mark.kind | default('') == 'certified'",
    ],
    'look_holds.yml': [
        'conclude.yml | rebuild_seen.gates | default([]) | length > 0',
        "fail | rebuild_room == 'none'",
        'conclude.yml | regrow_dry_run or ansible_check_mode',
    ],
    'main.yml': [
        'set_fact rebuild_claim,rebuild_committed,rebuild_fenced,regrow_run',
        "preflight.yml | rebuild_goal != 'settle'",
        'look.yml',
        'claim.yml',
        "before.yml | rebuild_goal == 'rebuild' and regrow_hooks.before_rebuild | length > 0",
        'fence.yml',
        'create.yml',
        'boot.yml',
        'role node',
        'verify.yml',
        'certify.yml',
        'finish.yml',
        'rescue: abandon.yml',
        'conclude.yml',
    ],
    'overruled.yml': [
        'reap.yml',
        'conclude.yml',
    ],
    'preflight.yml': [
        'regrow_image complete',
        'do preflight',
        'assert',
    ],
    'probe.yml': [
        "command | rebuild_seen.x.power not in ['off', 'suspended']",
        "unclaim.yml | rebuild_probe is not skipped and probe_verdict != 'failed' and 'probe' not in regrow_force",
    ],
    'reap.yml': [
        'do reapable',
        "do power_off | hypervisor_reapable.regrow.vm | default(none) is not none and hypervisor_reapable.regrow.vm.power != 'off'",
        'do destroy | hypervisor_reapable.regrow.vm | default(none) is not none',
    ],
    'settle.yml': [
        'do abort',
        'do look',
        'reap.yml | hypervisor_look.regrow.reap | default(none) is not none',
        'conclude.yml',
    ],
    'unclaim.yml': [
        'do abort | rebuild_claim is not none',
        'conclude.yml',
    ],
    'verify.yml': [
        'command',
    ],
}


class Roles(unittest.TestCase):
    """The YAML has the order that builder.py plays, and acts by ids; removing or moving a step turns this red.

    Whoever changes a role changes builder.py with it, so that the schedules play what the playbook does.
    """

    maxDiff = None

    def test_the_steps_of_the_role_rebuild(self):
        for name in sorted(path.name for path in (roles.ROLES / 'rebuild/tasks').glob('*.yml')):
            with self.subTest(name):
                self.assertEqual(roles.order('rebuild/tasks/' + name), ORDER[name])

    def test_a_claim_is_for_what_was_looked_at(self):
        claim = roles.tasks('rebuild/tasks/claim.yml')[0]
        self.assertIn('rebuild_seen.judged', claim['vars']['claim_judged'])
        self.assertIn("combine({'incident': rebuild_seen.incident})", claim['vars']['claim_judged'])
        self.assertEqual(roles.arguments('vmware/tasks/claim.yml', 'regrow_incident')['judged'], '{{ claim_judged }}')

    def test_power_goes_by_moid(self):
        for name, state in (('power_off', 'powered-off'), ('power_on', 'powered-on')):
            found = roles.arguments('vmware/tasks/%s.yml' % name, 'community.vmware.vmware_guest_powerstate')
            self.assertEqual((found['moid'], found['state']), ('{{ %s_moid }}' % name, state))
            self.assertNotIn('name', found)

    def test_destroying_and_certifying_go_by_instance_uuid(self):
        for name, wanted in (('destroy', '{{ destroy_vm.instance_uuid }}'), ('certify', '{{ certify_uuid }}')):
            found = roles.arguments('vmware/tasks/%s.yml' % name, 'community.vmware.vmware_guest')
            self.assertEqual((found['uuid'], found['use_instance_uuid']), (wanted, True))
            self.assertNotIn('name', found)

    def test_ids_come_from_the_protocols_own_answers(self):
        wanted = {
            'fence.yml': {'fence_vm': '{{ rebuild_seen.judged }}', 'quarantine_vm': '{{ rebuild_seen.judged }}',
                          'release_vm': '{{ rebuild_seen.judged }}', 'destroy_vm': '{{ hypervisor_release.regrow.vm }}'},
            'reap.yml': {'power_off_moid': '{{ reap_vm.moid }}', 'destroy_vm': '{{ hypervisor_reapable.regrow.vm }}'},
            'boot.yml': {'power_on_moid': '{{ rebuild_vm.moid }}'},
            'certify.yml': {'commit_moid': '{{ rebuild_vm.moid }}'},
        }
        for name, facts in wanted.items():
            found = roles.values('rebuild/tasks/' + name)
            self.assertEqual({key: found.get(key) for key in facts}, facts, name)

    def test_the_vm_is_made_powered_off_and_proven_by_the_answer_of_the_deploy(self):
        deploy = roles.arguments('vmware/tasks/create.yml', 'community.vmware.vmware_deploy_ovf')
        self.assertEqual((deploy['power_on'], deploy['wait_for_ip_address'], deploy['name']),
                         (False, False, '{{ inventory_hostname }}'))
        proven = roles.arguments('vmware/tasks/create.yml', 'regrow_vm')
        self.assertEqual(proven['state'], 'proven')
        self.assertIn('create_deploy.changed', proven['created'])
        self.assertIn('create_deploy.instance.moid', proven['moid'])


if __name__ == '__main__':
    unittest.main(verbosity=1)
