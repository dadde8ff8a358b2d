"""Random schedules of several controllers over one world: first chaos, then fairness. One seed is one schedule."""
from __future__ import annotations

import random

from builder import Builder, Run
from world import READS, Failed, World

INSTANT = ('quarantined', 'sleep')


class Stuck(AssertionError):
    """L1 is broken: nothing more goes wrong, and yet the node does not come back."""

    promise = 'L1'


class Actor:
    """A run being executed step by step; a zombie is one that is stepped late, a crashed one never again."""

    def __init__(self, world, code, run, builder=Builder):
        self.world, self.code, self.run = world, code, run
        self.steps = builder(code, run).steps()
        self.outcome, self.facts, self.frozen = None, {}, 0
        self.request = None
        self.advance(lambda: next(self.steps))

    @property
    def alive(self):
        return self.outcome is None and not self.run.crashed

    def advance(self, move):
        try:
            self.request = move()
            while self.request[0] in INSTANT:
                result = self.world.do(self.run, *self.request)
                self.request = self.steps.send(result)
            if self.run.seen is not None and self.run.looked_at is None:
                self.run.looked_at = self.world.tick
        except StopIteration as stop:
            self.outcome, self.facts = stop.value

    def step(self, fault=None):
        """Lets vCenter do what the run asks for.

        fault: before, after (the answer is lost), later (and it is done some time after that), lie (says done, is not).
        """
        name, arguments = self.request
        unknown = self.code.protocol.Unknown
        if name == 'deploy' and fault:          # nobody can tell whether it was a try
            self.world.created.setdefault(arguments[2], set()).add(arguments[3])
        if fault == 'later' and name not in READS:
            self.world.queue.append((self.run, name, arguments))
        if fault in ('before', 'later'):
            self.world.note(self.run, name, arguments, 'not done, answer unknown')
            return self.advance(lambda: self.steps.throw(unknown('no answer to ' + name)))
        if fault == 'lie':
            self.world.note(self.run, name, arguments, 'said done, is not')
            return self.advance(lambda: self.steps.send(None))
        try:
            result = self.world.do(self.run, name, arguments)
        except (Failed, unknown) as error:
            return self.advance(lambda: self.steps.throw(error))
        if fault == 'after':
            return self.advance(lambda: self.steps.throw(unknown('answer lost: ' + name)))
        return self.advance(lambda: self.steps.send(result))

    def to_end(self, limit=2000):
        while self.alive:
            limit -= 1
            if limit < 0:
                raise Stuck('run %s does not end' % self.run.id)
            self.step()
        return self.outcome


class Controller:
    """What a controller's journal keeps between its runs."""

    def __init__(self, name):
        self.name = name
        self.actors, self.dead_runs = [], set()
        self.pending, self.expired = set(), set()
        self.observed, self.last_known = None, None

    def learn(self, actor):
        """concludeRun(): the run is over, and a claim that it met is watched from now on."""
        self.dead_runs.add(actor.run.id)
        pending = actor.facts.get('pending')
        if pending:
            self.pending.add(pending['fingerprint'])


class Schedule:
    def __init__(self, seed, code, builder=Builder, **fixed):
        self.seed, self.code, self.builder = seed, code, builder
        rng = self.rng = random.Random(seed)
        choice = {'controllers': rng.choice([2, 2, 3, 4]), 'cap': rng.choice([2, 3]), 'faults': rng.choice([0, .01, .03, .08]),
                  'crashes': rng.choice([0, .01, .03]), 'stalls': rng.choice([.01, .05, .15]),
                  'switch': rng.choice([.1, .3, .8]), 'failures': rng.choice([0, .05, .3]),
                  'steps': rng.choice([150, 300, 500]), 'expiry': rng.choice([.01, .05, .2]),
                  'keep_old': rng.random() < .85, 'meddling': rng.choice([0, 0, 0, .004]), 'rooms': rng.random() < .1,
                  'bad_verdicts': rng.choice([0, .1, .3]), 'collect': rng.choice([0, 0, .02]), 'drops': False, 'hooks': False}
        choice.update(fixed)
        self.choice = choice
        self.__dict__.update(choice)
        self.world = World(code, keep_old=self.keep_old and not self.rooms)
        self.world.drops_annotation = self.drops
        self.fleet = [Controller('c%d' % number) for number in range(self.controllers)]
        self.runs, self.run_id = 0, rng.choice(['r%03d', 'by-hand-%03d'])
        self.actors = []
        self.seen_vms = []

    # -- what a controller may believe

    def identity(self, vm):
        return {'moid': vm.moid, 'instance_uuid': vm.uuid}

    def observe(self, controller):
        x = self.world.x()
        if x is None:
            return
        if self.world.is_certified(x):
            controller.observed = self.identity(x)
            if self.identity(x) not in self.seen_vms:
                self.seen_vms.append(self.identity(x))
        elif self.rng.random() < self.bad_verdicts and self.identity(x) not in self.seen_vms:
            self.seen_vms.append(self.identity(x))
        if self.rng.random() < .5:
            controller.last_known = self.identity(x)

    def start(self, controller, fair=False):
        rng, world = self.rng, self.world
        self.observe(controller)
        known = rng.choice(['observed', 'observed', 'nothing', 'last'])
        judged = controller.observed if known == 'observed' else None
        if not fair and rng.random() < self.bad_verdicts and self.seen_vms:
            judged = rng.choice(self.seen_vms)
        self.runs += 1
        run = Run(self.run_id % self.runs, controller.name, judged=judged,
                  last_known=controller.last_known if known == 'last' else None,
                  dead_runs=controller.dead_runs, expired=controller.expired, generations=self.cap,
                  goal=rng.choice(['rebuild'] * 8 + ['settle', 'bootstrap']) if not fair else rng.choice(['rebuild'] * 3 + ['settle']),
                  force=['probe'] if not fair and rng.random() < .08 else [],
                  dry_run=not fair and rng.random() < .05, quarantine=self.keep_old,
                  room='instead' if self.rooms and rng.random() < .5 else 'beside', hooks=self.hooks)
        world.note(run, 'start', (judged, run.last_known, run.goal, 'force' if run.force else ''))
        actor = Actor(world, self.code, run, self.builder)
        controller.actors.append(actor)
        self.actors.append(actor)
        self.ended(actor, controller)
        return actor

    def ended(self, actor, controller):
        if actor.outcome is not None:
            self.world.note(actor.run, 'end', (actor.outcome, actor.facts.get('gate'), actor.run.failure))
            controller.learn(actor)
            if actor.outcome in ('already_replaced', 'already_healthy', 'rebuilt'):
                controller.observed = None

    def owner(self, actor):
        return next(c for c in self.fleet if c.name == actor.run.controller)

    # -- chaos

    def chaos(self):
        rng, world = self.rng, self.world
        current = None
        world.x().sick = rng.random() < .8
        for dummy in range(self.steps):
            alive = [a for a in self.actors if a.alive and a.frozen <= world.tick]
            if len(alive) < 2 and rng.random() < .5 or not alive or rng.random() < .01:
                controller = rng.choice(self.fleet)
                busy = [a for a in controller.actors if a.alive and a.run.id not in controller.dead_runs]
                if not busy and self.runs < 60:
                    current = self.start(controller)
                    continue
                if not alive:
                    world.tick += 40      # everybody sleeps: stalled runs go on
                    continue
            if current not in alive or rng.random() < self.switch:
                current = rng.choice(alive)
            self.weather(current)
            if current.alive and current.frozen <= world.tick:
                current.step(self.fault(current))
                self.ended(current, self.owner(current))

    def weather(self, current):
        """Everything that happens between two steps."""
        rng, world = self.rng, self.world
        if rng.random() < self.crashes:
            current.run.crashed = True
            world.note(current.run, 'crash', ())
            self.owner(current).dead_runs.add(current.run.id)
        elif rng.random() < self.stalls:
            current.frozen = world.tick + rng.choice([20, 60, 200, 1000])
            if rng.random() < .5:         # its controller restarted and takes it for dead
                self.owner(current).dead_runs.add(current.run.id)
        if rng.random() < self.expiry:
            controller = rng.choice(self.fleet)
            controller.expired |= controller.pending
        if rng.random() < .02:
            self.observe(rng.choice(self.fleet))
        x = world.x()
        if x is not None and x.certified_at is not None and not x.sick and rng.random() < .03:
            x.sick = True
            world.note('fate', 'sick', (x.moid,))
        if world.queue and rng.random() < .05:
            world.late(rng.randrange(len(world.queue)))
        for vm in list(world.vms.values()):
            if vm.uploading and rng.random() < .02:
                world.vanish(vm)
        if rng.random() < self.collect:
            world.collect()
        if x is not None and rng.random() < self.meddling:
            world.meddled = True
            world.vanish(x)

    def fault(self, actor):
        name, rng = actor.request[0], self.rng
        if name == 'power_off' and rng.random() < self.faults * 3:
            return rng.choice(['lie', 'before', 'later'])
        if name in ('hook', 'load', 'upload_end', 'power_on') and rng.random() < self.failures:
            return rng.choice(['before', 'later'])
        if rng.random() < self.faults:
            return rng.choice(['before', 'after', 'later'])
        return None

    # -- fairness

    def fair(self):
        """No more faults: late runs go on, leases end, D passes. The node must come back, and nothing be left for good."""
        rng, world = self.rng, self.world
        for actor in self.actors:
            if actor.alive and rng.random() < .3:
                actor.run.crashed = True
        self.run_all()
        while world.queue:
            world.late(0)
        for vm in list(world.vms.values()):
            if vm.uploading and rng.random() < .5:
                world.vanish(vm)
            vm.uploading = False
        if self.drops and world.x() is not None and world.mark(world.x()) is None:
            return                        # a VM without any mark is for people: docs/protocol.md, what is left over
        survivors = rng.sample(self.fleet, rng.randint(1, len(self.fleet)))
        self.rounds(survivors)
        if not self.is_exhausted():
            x = world.x()
            x.sick = True                 # nothing that is left may stand in the way of the next incident
            world.note('fate', 'sick', (x.moid,))
            self.rounds(survivors)

    def run_all(self):
        while True:
            alive = [a for a in self.actors if a.alive]
            if not alive:
                return
            actor = self.rng.choice(alive)
            for dummy in range(self.rng.choice([1, 3, 10])):
                if actor.alive:
                    actor.step()
            self.ended(actor, self.owner(actor))

    def rounds(self, survivors, limit=14):
        for dummy in range(limit):
            if self.is_settled():
                return
            for controller in self.rng.sample(survivors, self.rng.randint(1, len(survivors))):
                self.start(controller, fair=True)
            self.run_all()
            for controller in survivors:
                controller.expired |= controller.pending
        if not self.is_settled():
            raise Stuck('after %d quiet rounds: %s' % (limit, self.state()))

    def is_settled(self):
        world, x = self.world, self.world.x()
        if self.is_exhausted():
            return True
        return (x is not None and world.is_certified(x) and not x.sick and x.power == 'on' and not world.in_quarantine()
                and not world.half_built())

    def is_exhausted(self):
        """Said by the last run that ended, and true: as many builds as allowed were made for one incident, and all removed."""
        last = [a for a in self.actors if a.outcome][-1:]
        said = bool(last) and last[0].facts.get('gate') == 'exhausted'
        if not said or self.world.x() is not None:
            return False
        incident = last[0].run.seen['incident']
        return len(self.world.created.get(incident, ())) >= self.cap

    def state(self):
        world = self.world
        x = world.x()
        last = [(a.run.id, a.outcome, a.facts, a.run.failure) for a in self.actors[-3:]]
        return 'X=%s quarantined=%s half-built=%s open=%s last=%s' % (
            x and (x.moid, world.mark(x), x.sick, x.power), [v.moid for v in world.in_quarantine()],
            [v.moid for v in world.half_built()], world.undecided_claims(), last)

    def play(self):
        self.chaos()
        self.fair()
        return self


def story(world):
    """The log of a world, for people."""
    return '\n'.join('%5d %-7s %-15s %s -> %s' % (tick, who, name, ' '.join(map(str, arguments)), outcome)
                     for tick, who, name, arguments, outcome in world.log)
