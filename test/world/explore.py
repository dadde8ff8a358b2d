"""Every interleaving of two runs with few switches, and every single fault: complete where random schedules are broad."""
from __future__ import annotations

from builder import Builder, Run
from schedule import Actor, Schedule

QUIET = {'controllers': 3, 'cap': 3, 'keep_old': True, 'rooms': False, 'meddling': 0, 'bad_verdicts': 0, 'failures': 0}


class Scene(Schedule):
    """A schedule that is driven by hand: the node has failed, nothing else happened yet."""

    def __init__(self, code, builder=Builder, **fixed):
        super().__init__(1, code, builder, **dict(QUIET, **fixed))
        self.world.x().sick = True
        self.first = self.identity(self.world.x())

    def begin(self, controller=0, **facts):
        """Starts a run with exactly these extra-vars."""
        self.runs += 1
        owner = self.fleet[controller]
        facts = dict({'judged': self.first, 'generations': self.cap, 'quarantine': self.keep_old, 'hooks': self.hooks}, **facts)
        run = Run('r%03d' % self.runs, owner.name, **facts)
        self.world.note(run, 'start', (facts,))
        actor = Actor(self.world, self.code, run, self.builder)
        owner.actors.append(actor)
        self.actors.append(actor)
        return actor

    def takeover(self, controller=1, **facts):
        """Another controller meets the claim, waits for longer than D and goes on."""
        owner = self.fleet[controller]
        waiting = self.begin(controller, expired=owner.expired, **facts)
        waiting.to_end()
        owner.learn(waiting)
        owner.expired |= owner.pending
        return self.begin(controller, expired=owner.expired, **facts)

    def until(self, actor, *names):
        """Lets a run go on to just before it asks for one of these operations."""
        while actor.alive and actor.request[0] not in names:
            actor.step()
        if not actor.alive:
            raise AssertionError('%s ended with %s (%s) before %s' % (actor.run.id, actor.outcome, actor.run.failure, names))
        return actor

    def finish_all(self):
        """One more run by a controller that knows nothing; returns its outcome."""
        return self.begin(2, judged=None).to_end()

    def changes(self, actor):
        """What a run changed in vCenter."""
        return [name for tick, who, name, arguments, outcome in self.world.log
                if who == actor.run.id and name not in ('start', 'end', 'crash')]

    def settle(self):
        """Fairness to the end: the node is back, nothing is left, and the next incident goes well too."""
        self.fair()


def steps(actor, count):
    """Lets a run take some steps; whether it could."""
    while count and actor.alive:
        actor.step()
        count -= 1
    return not count


def one_fault(code, builder=Builder, **fixed):
    """A run that meets one fault at each of its steps in turn; then fairness. Yields (label, play)."""
    for fault in ('before', 'after', 'later', 'crash', 'lie'):
        for count in range(200):
            ended = []

            def play(scene, fault=fault, count=count, ended=ended):
                actor = scene.begin()
                if not steps(actor, count):
                    ended.append(True)
                elif actor.alive and fault == 'crash':
                    actor.run.crashed = True
                elif actor.alive and (fault != 'lie' or actor.request[0] == 'power_off'):
                    actor.step(fault)
                actor.to_end()
                scene.settle()
            yield 'fault %s at step %d' % (fault, count), play, fixed
            if ended:
                break


def two_runs(code, builder=Builder, stride=1, **fixed):
    """A stalls after k steps, B takes over and stalls after j, A goes on to its end, then B. Yields (label, play)."""
    for k in range(0, 200, stride):
        done = []
        for j in range(0, 200, stride):
            over = []

            def play(scene, k=k, j=j, done=done, over=over):
                a = scene.begin(0)
                if not steps(a, k):
                    done.append(True)
                b = scene.begin(1, dead_runs=[a.run.id]) if j % 2 else scene.takeover(1)
                if not steps(b, j):
                    over.append(True)
                a.to_end()
                b.to_end()
                scene.settle()
            yield 'A stalls at step %d, B at %d' % (k, j), play, fixed
            if over:
                break
        if done:
            break


def search(code, plays, builder=Builder):
    """Runs them all; (number, None), or at the first broken promise (number, (label, error, scene))."""
    number = 0
    for label, play, fixed in plays:
        number += 1
        scene = Scene(code, builder, **fixed)
        try:
            play(scene)
        except AssertionError as error:
            return number, (label, error, scene)
    return number, None
