import { oneVoiceEach, silentVote, type Confirmation, type SelfFacts, type Vote } from '../../src/pool/consultation.ts';
import { confirmFailure, wordOf } from '../../src/monitor/confirm.ts';
import type { ProbeTarget } from '../../src/monitor/probes/probe-result.ts';
import type { Probes } from '../../src/monitor/probes/probes.ts';
import { isAtWork } from '../../src/pool/act-gates.ts';
import type { NodeState, PoolState } from '../../src/pool/node-state.ts';
import { observersOf } from '../../src/pool/observers.ts';
import type { Observation } from '../../src/pool/report.ts';
import { voteIn } from '../../src/peers/vote.ts';
import type { ProcessClock } from './clock.ts';
import type { Machine } from './machine.ts';
import { resultOf } from './probes.ts';
import type { World } from './world.ts';

/** An observer that is not there lets whoever asks wait for so long. */
const deadlineMs = 3_000;
const answersMs = 20;

/** Who asks, from where. */
export interface Asking {
  readonly world: World;
  readonly machine: Machine;
  readonly clock: ProcessClock;
  readonly probes: Probes;
}

/** What the other observers of a node say, over the simulated network. */
export async function votesOn(asking: Asking, node: string, state: PoolState): Promise<readonly Vote[]> {
  const { world, machine } = asking;
  const observers = observersOf(node, world.nodes, (name) => isAtWork(state.nodes[name]));
  const asked = [...observers.filter((name) => name !== machine.name), ...world.scenario.safety.witnesses];
  return oneVoiceEach(await Promise.all(asked.map((name) => voteOf(asking, name, node))), machine.name);
}

async function voteOf(asking: Asking, peer: string, node: string): Promise<Vote> {
  const machine = asking.world.machines.get(peer);
  if (machine === undefined || !isReached(asking, machine)) return silence(asking, peer, 'it did not answer in time');
  if (machine.daemon === undefined) return silentVote(peer, 'ECONNREFUSED', answersMs);
  const { daemon } = machine;
  switch (machine.temper) {
    case 'silent':
    case 'slow':
      return silence(asking, peer, 'it did not answer in time');
    case 'honest':
      return later(asking, answersMs, () =>
        voteIn(JSON.stringify(daemon.observation(node) ?? {}), peer, node, answersMs),
      );
    case 'dead':
    case 'alive':
    case 'old': {
      const told = JSON.stringify(lie(asking, peer, machine.temper, node));
      return later(asking, answersMs, () => voteIn(told, peer, node, answersMs));
    }
  }
}

/** Made up, with all that an answer has to have. */
function lie({ world }: Asking, controller: string, temper: 'dead' | 'alive' | 'old', node: string): Observation {
  const [vm] = world.vcenter.named(node);
  const uuid = temper === 'old' ? 'uuid-of-old' : (vm?.instanceUuid ?? 'none');
  const verdict = temper === 'alive' ? 'healthy' : 'unhealthy';
  const vmOf = { moid: 'vm-0', instance_uuid: uuid };
  return { controller, node, vm: vmOf, verdict, age_ms: 0, trusted: true, holds: [], checks: [] };
}

/** Both ways: a question is answered. */
function isReached({ world, machine }: Asking, peer: Machine): boolean {
  const isCut = world.cuts.has(`${machine.name} ${peer.name}`) || world.cuts.has(`${peer.name} ${machine.name}`);
  return peer.isUp && !isCut && peer.heldUntil <= world.clock.now;
}

async function silence(asking: Asking, peer: string, detail: string): Promise<Vote> {
  return later(asking, deadlineMs, () => silentVote(peer, detail, deadlineMs));
}

async function later<T>({ world, clock }: Asking, ms: number, value: () => T): Promise<T> {
  world.clock.unsettle();
  return new Promise((resolve) => {
    clock.at(clock.now() + ms, () => {
      world.clock.unsettle();
      resolve(value());
    });
  });
}

/** A fresh probe of the node. */
export async function confirmationOf(
  asking: Asking,
  target: ProbeTarget,
  node: NodeState | undefined,
  deciding: readonly string[] | undefined,
): Promise<Confirmation> {
  const { world, machine, probes } = asking;
  const found = node?.read?.found;
  return confirmFailure(world.checksOf(target.name), target, {
    probes,
    sshd: async (address) => {
      const answer = resultOf(world.answers(machine.name, address, 'sshd'));
      return later(asking, answersMs, () => answer);
    },
    word: wordOf(found),
    deciding,
  });
}

/** What the machine knows of itself. */
export function selfOf({ world, machine }: Asking, stalledAgoMs: number | null): SelfFacts {
  const witnesses = world.scenario.safety.witnesses.filter((name) => name !== machine.name);
  const isReachable = (name: string): boolean => {
    const witness = world.machines.get(name);
    return witness?.isUp === true && !world.cuts.has(`${machine.name} ${name}`);
  };
  return {
    loopLagMs: machine.loopLagMs,
    stalledAgoMs,
    freeBytes: machine.freeBytes,
    isWitnessReached: witnesses.length === 0 ? null : witnesses.some(isReachable),
  };
}
