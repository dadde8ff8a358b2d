import { z } from 'zod';
import { duration } from '../../src/config/values.ts';
import { tempers, type Temper, type Trap } from './machine.ts';
import { stepMs, type StepName } from './rebuild.ts';
import { vcenterStates, type VCenter, type Vm } from './vcenter.ts';
import { certifiedBy, type World } from './world.ts';

type Happening = (world: World, words: readonly string[]) => void;

/** What may happen in a scenario: the first word of a sentence, and what it does with the others. */
const happenings: Readonly<Record<string, Happening>> = {
  // Nodes: `kill webbox3` (its guest hangs), `revive`, `off`/`on` (a person powers it), `delete`, `unmark`, `double`/`undouble`.
  kill: (world, [node = '']) => world.killNode(node),
  revive: (world, [node = '']) => world.reviveNode(node),
  off: (world, [node]) => eachVm(world, node, (vm) => world.vcenter.powerOff(vm, 'a person')),
  on: (world, [node = '']) => {
    world.vcenter.powerOn(world.vm(node), 'a person');
    world.reviveNode(node);
  },
  delete: (world, [node]) => eachVm(world, node, (vm) => world.vcenter.destroy(vm, 'a person')),
  unmark: (world, [node]) => {
    world.vm(node).mark = null;
  },
  mark: (world, [node]) => {
    world.vm(node).mark = certifiedBy('a person');
  },
  double: (world, [node = '']) => {
    world.vcenter.add(node, null, 'off');
  },
  undouble: (world, [node = '']) => {
    const second = world.vcenter.named(node).at(-1);
    if (second !== undefined) world.vcenter.destroy(second, 'a person');
  },
  /** `replace webbox3`: people destroyed it and certified another one. */
  replace: (world, [node = '']) => {
    world.vcenter.destroy(world.vm(node), 'a person');
    world.vcenter.certify(world.vcenter.add(node, null), 'a person');
  },
  /** `halfbuild webbox3 by webbox9`: what a builder left that never comes back. */
  halfbuild: (world, [node = '', , by = '']) => {
    const old = world.vm(node);
    world.vcenter.powerOff(old, by);
    world.vcenter.quarantine(old, by);
    const claim = world.vcenter.claim({ node, by, run: 'r0', incident: `${node}/${old.moid}`, generation: 1 });
    if (claim !== undefined) world.vcenter.deploy(claim, by);
  },
  /** `claim webbox3 by webbox9`: somebody claimed it, and never came further. */
  claim: (world, [node = '', , by = '']) => {
    const incident = `${node}/${world.vm(node).moid}`;
    const generation = world.vcenter.claimsOf(incident).length + 1;
    world.vcenter.claim({ node, by, run: 'r0', incident, generation });
  },

  // The network and vCenter: `cut webbox1 webbox3` (nothing of the first reaches the second), `cut webbox1 vcenter`, `join`, `vcenter down` (or `slow`, `empty`, `half`: what its lists are; `up`).
  cut: (world, [from, to]) => void world.cuts.add(`${from} ${to}`),
  join: (world, [from, to]) => void world.cuts.delete(`${from} ${to}`),
  vcenter: (world, [state]) => {
    world.vcenter.state = stateOf(state);
  },
  datastore: (world, [state]) => {
    world.vcenter.isDatastoreFull = state === 'full';
  },
  image: (world, [state]) => {
    world.vcenter.isImageBroken = state === 'broken';
  },

  /** `part webbox1,webbox2 webbox3`: nothing between the two groups; `mend` ends it, and without words every cut. vCenter is reached by all. */
  part: (world, [some = '', others = '']) => {
    for (const [a, b] of pairsOf(some, others)) world.cuts.add(`${a} ${b}`);
  },
  mend: (world, [some, others = '']) => {
    if (some === undefined) return world.cuts.clear();
    for (const [a, b] of pairsOf(some, others)) world.cuts.delete(`${a} ${b}`);
    return undefined;
  },
  /** `heartbeat webbox3 green`, `host webbox3 disconnected`, `unclear webbox3`, `clarify webbox3`: what vCenter says of its VM. */
  heartbeat: (world, [node, color]) => {
    world.vm(node).heartbeat = color === 'green' || color === 'red' ? color : 'gray';
  },
  host: (world, [node, state = 'connected']) => {
    eachVm(world, node, (vm) => {
      vm.connection = state;
    });
  },
  unclear: (world, [node = '']) => void world.vcenter.unclear.add(node),
  clarify: (world, [node = '']) => void world.vcenter.unclear.delete(node),

  // Checks: `stop web webbox3` (until it is restored), `fail web webbox3`, `blur web webbox3` (unknown), `clear web webbox3`; a third word makes it one observer's view alone.
  fail: (world, words) => void world.troubles.set(words.join(' '), 'failed'),
  stop: (world, words) => {
    world.troubles.set(words.join(' '), 'failed');
    world.stopped.add(words.join(' '));
  },
  blur: (world, words) => void world.troubles.set(words.join(' '), 'unknown'),
  clear: (world, words) => void world.troubles.delete(words.join(' ')),

  // Controllers: `crash webbox1` (kill -9), `start`, `restart`, `stall webbox1 90s` (SIGSTOP), `freeze webbox1 20m` (the machine), `reboot`.
  crash: (world, [name]) => world.machine(name).disable(),
  start: (world, [name]) => {
    world.machine(name).isDisabled = false;
    world.machine(name).startDaemon();
  },
  restart: (world, [name]) => {
    if (name === undefined || name === 'all') return world.restartAll();
    world.machine(name).killDaemon();
    world.after(2_000, () => world.machine(name).startDaemon());
    return undefined;
  },
  /** It is another VM when it was rebuilt in the meantime: then the old one stays off. */
  reboot: (world, [name = '', time = '30s']) => {
    const vms = world.vcenter.named(name);
    world.killNode(name);
    world.after(msOf(time), () => {
      for (const vm of vms) if (vm.power === 'on') world.reviveVm(vm);
    });
  },
  stall: (world, [name, time]) => world.machine(name).daemon?.stall(msOf(time)),
  freeze: (world, [name, time]) => world.machine(name).freeze(msOf(time)),
  /** `trap webbox1 fence die`: what befalls its next run when that step begins: hang, die (the machine), crash (the daemon). */
  trap: (world, [name, step, trap]) => void world.machine(name).traps.set(stepOf(step), trapOf(trap)),
  untrap: (world, [name]) => world.machine(name).traps.clear(),
  occupy: (world, [name, time]) => world.machine(name).occupy(msOf(time)),
  cancel: (world, [name]) => world.machine(name).cancelRun(),
  disk: (world, [name, state]) => {
    world.machine(name).journal.isFull = state === 'full';
  },
  /** `space webbox1 none` (or `unknown`, `enough`), `lag webbox1 5s`, `rollout webbox1 the image is being copied`, `hostile webbox2 dead`. */
  space: (world, [name, state]) => {
    world.machine(name).freeBytes = state === 'none' ? 0 : state === 'unknown' ? null : 1e12;
  },
  lag: (world, [name, time]) => {
    world.machine(name).loopLagMs = msOf(time);
  },
  rollout: (world, [name, ...why]) => {
    for (const machine of name === 'all' ? world.machines.values() : [world.machine(name)])
      machine.rollout = why.join(' ') === 'over' ? null : why.join(' ');
  },
  hostile: (world, [name, temper]) => {
    world.machine(name).temper = temperOf(temper);
  },
  /** `wallclock webbox1 back 1h`. */
  wallclock: (world, [name, direction, time]) => {
    world.machine(name).wallShift += direction === 'back' ? -msOf(time) : msOf(time);
  },

  // Operators, on every controller or the named one: `pause pool`, `pause webbox3 webbox1`, `resume`, `mode dry-run`, `generations 10`, `leave`, `enter`.
  pause: (world, [scope = '', only]) => setPause(world, scope, only, true),
  resume: (world, [scope = '', only]) => {
    setPause(world, scope, only, false);
    if (scope === 'pool') return resumePool(world, only);
    for (const machine of world.machines.values()) {
      if (only !== undefined && machine.name !== only) continue;
      if (machine.daemon === undefined) machine.journal.faults.resume(scope);
      else machine.daemon.resume(scope);
    }
  },
  /** `approve webbox3 webbox1`: what webbox1 asks about webbox3; `reject webbox3 webbox1 it is being repaired`. */
  approve: (world, [node = '', only]) => world.machine(only).daemon?.answer(node, 'given', ''),
  reject: (world, [node = '', only, ...why]) => world.machine(only).daemon?.answer(node, 'rejected', why.join(' ')),
  mode: (world, [mode]) => {
    world.mode = mode === 'dry-run' || mode === 'approve' ? mode : 'act';
    for (const machine of world.daemons()) machine.daemon?.replan();
  },
  /** `rest webbox2`: it takes part in all but the act. */
  rest: (world, [name]) => {
    const machine = world.machine(name);
    machine.isResting = true;
    machine.daemon?.replan();
  },
  generations: (world, [most]) => {
    world.generations = Number(most);
  },
  leave: (world, [node]) => {
    world.nodes = world.nodes.filter((each) => each !== node);
    for (const machine of world.daemons()) machine.daemon?.replan();
  },
  /** A node that is certified already joins the pool. */
  enter: (world, [node = '']) => {
    if (world.vcenter.named(node).length === 0) world.vcenter.certify(world.vcenter.add(node, null), 'bootstrap');
    world.nodes = [...world.nodes, node];
    for (const machine of world.daemons()) machine.daemon?.replan();
  },
};

/** Lets it happen. */
export function happen(world: World, sentence: string): void {
  const [verb = '', ...words] = sentence.split(' ');
  const happening = happenings[verb];
  if (happening === undefined) throw new Error(`nobody knows how to "${sentence}"`);
  happening(world, words);
}

function setPause(world: World, name: string, only: string | undefined, isSet: boolean): void {
  const scope = name === 'pool' ? 'pool' : `node/${name}`;
  for (const machine of world.machines.values()) {
    if (only !== undefined && machine.name !== only) continue;
    const others = machine.pauses.filter((pause) => pause.scope !== scope);
    machine.pauses = isSet ? [...others, { scope, reason: 'maintenance', until: null }] : others;
    machine.daemon?.hearOfPauses();
  }
}

function resumePool(world: World, only: string | undefined): void {
  for (const machine of world.machines.values()) {
    if (only !== undefined && machine.name !== only) continue;
    machine.journal.events.append({ at: machine.wallNow().toISOString(), type: 'pool.resumed', data: {} });
    machine.daemon?.resumePool();
  }
}

function pairsOf(some: string, others: string): readonly (readonly [string, string])[] {
  return some.split(',').flatMap((a) =>
    others.split(',').flatMap(
      (b) =>
        [
          [a, b],
          [b, a],
        ] as const,
    ),
  );
}

/** The VMs of the name at that moment: none while a builder has set one aside and not built the other. */
function eachVm(world: World, node: string | undefined, work: (vm: Vm) => void): void {
  const { name } = world.machine(node);
  for (const vm of world.vcenter.named(name)) work(vm);
}

function stateOf(word: string | undefined): VCenter['state'] {
  const state = vcenterStates.find((each) => each === word);
  if (state === undefined) throw new Error(`vCenter is never ${word}`);
  return state;
}

function temperOf(word: string | undefined): Temper {
  const temper = tempers.find((each) => each === word);
  if (temper === undefined) throw new Error(`nobody is ${word}`);
  return temper;
}

function msOf(time: string | undefined): number {
  return z.parse(duration, time);
}

function stepOf(word: string | undefined): StepName {
  const step = Object.keys(stepMs).find((each): each is StepName => each === word);
  if (step === undefined) throw new Error(`a rebuild has no step ${word}`);
  return step;
}

function trapOf(word: string | undefined): Trap {
  if (word === 'hang' || word === 'die' || word === 'crash') return word;
  throw new Error(`there is no trap ${word}`);
}
