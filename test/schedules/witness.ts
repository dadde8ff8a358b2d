import type { Machine } from '../golden/machine.ts';
import type { Deed, Vm } from '../golden/vcenter.ts';
import type { World } from '../golden/world.ts';

/*
 * What counts as harm, by vCenter's own record of what was done:
 *
 * 1. A controller powers off or destroys a healthy VM. A VM is healthy while it is certified, on, and its guest works: one that was
 *    killed, hangs or reboots is not. Whoever acts on a VM that has been healthy all the time does harm when
 *    a. the builder itself has reached it for longer than passes between its last probe and the act, or
 *    b. another controller has reached it, read vCenter and been answering the builder for longer than a vote may be old, or
 *    c. fewer than a majority of the pool can have missed it within that time, vCenter's word that it was off counting as one, or
 *    d. VMware Tools have had a green heartbeat for longer than a look may take.
 *    What is left is the wrong verdict that docs/safety.md owns up to: without Tools, a majority rebuilds a node that none of those whom
 *    it can ask has reached.
 * 2. Two VMs of one node run at one time.
 */

/** From the probe under the claim to the power off: the step between them, and a little. */
const probeMs = 10_000;
/** A vote rests on results of up to 55 s; from the consultation to the act pass up to 30 s. */
const voteMs = 90_000;
/** A look may take 150 s; from there to the act 12 s. */
const heartbeatMs = 180_000;

/** Takes note of who reaches whom, and of deeds that are harm. */
export class Witness {
  readonly harm: string[] = [];
  readonly #world: World;
  /** Since when something has been so. */
  readonly #since = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    world.onDeed = (what, vm, by) => this.#judge(what, vm, by);
  }

  /** Takes note of how things are now. To be called whenever they may have changed. */
  look(): void {
    const { vcenter, nodes } = this.#world;
    const machines = nodes.map((node) => this.#world.machine(node));
    for (const vm of vcenter.vms) {
      this.#note(`works ${vm.moid}`, isWorking(this.#world, vm));
      this.#note(`green ${vm.moid}`, vm.heartbeat === 'green');
      for (const { name } of machines) this.#note(`reach ${name} ${vm.moid}`, this.#reaches(name, vm));
    }
    for (const machine of machines) {
      const isAtWork = this.#isAtWork(machine);
      this.#note(`observes ${machine.name}`, isAtWork && this.#world.canReadVCenter(machine.name));
      for (const { name } of machines)
        this.#note(`answers ${machine.name} ${name}`, isAtWork && this.#hears(machine.name, name));
    }
  }

  #judge(what: Deed, vm: Vm, by: string): void {
    this.look();
    const { vcenter } = this.#world;
    if (what === 'power on') {
      const running = vcenter.vms.filter(
        ({ node, power, moid }) => node === vm.node && power === 'on' && moid !== vm.moid,
      );
      if (running.length > 0)
        this.#tell(`${by} powers on ${vm.moid} while ${running.map(({ moid }) => moid).join()} of ${vm.node} runs`);
      return;
    }
    if (vm.mark?.kind !== 'certified' || !this.#world.nodes.includes(by)) return;
    if (this.#lasts(`works ${vm.moid}`) === 0) return;
    const why = this.#evidence(vm, by);
    if (why !== undefined) this.#tell(`${by} does ${what} to ${vm.node} (${vm.moid}), which works: ${why}`);
  }

  /** Why the builder could have known better. */
  #evidence(vm: Vm, by: string): string | undefined {
    const works = this.#lasts(`works ${vm.moid}`);
    const reached = (name: string): number => Math.min(works, this.#lasts(`reach ${name} ${vm.moid}`));
    if (reached(by) >= probeMs) return `it has reached it for ${seconds(reached(by))}`;
    const others = this.#world.nodes.filter((node) => node !== by && node !== vm.node);
    const could = others.find((name) => {
      const lasts = Math.min(reached(name), this.#lasts(`observes ${name}`), this.#lasts(`answers ${name} ${by}`));
      return lasts >= voteMs;
    });
    if (could !== undefined) return `${could} has reached it for ${seconds(reached(could))}, and answers`;
    const missed = [by, ...others].filter((name) => reached(name) < voteMs);
    const voices = missed.length + (works < voteMs ? 1 : 0);
    if (voices * 2 <= this.#world.nodes.length) return `only ${missed.join(', ')} can have missed it`;
    const green = this.#lasts(`green ${vm.moid}`);
    return Math.min(works, green) >= heartbeatMs ? `its heartbeat has been green for ${seconds(green)}` : undefined;
  }

  #reaches(name: string, vm: Vm): boolean {
    return this.#world.answers(name, vm.address, 'ping') === 'ok';
  }

  #isAtWork({ name, heldUntil, daemon, journal, isUp }: Machine): boolean {
    return (
      isUp &&
      daemon !== undefined &&
      heldUntil <= this.#world.clock.now &&
      !journal.isFull &&
      this.#world.nodes.includes(name)
    );
  }

  #hears(name: string, other: string): boolean {
    const { cuts } = this.#world;
    return !cuts.has(`${name} ${other}`) && !cuts.has(`${other} ${name}`);
  }

  #note(what: string, isSo: boolean): void {
    if (!isSo) this.#since.delete(what);
    else if (!this.#since.has(what)) this.#since.set(what, this.#world.clock.now);
  }

  /** How long it has been so, in milliseconds; 0 when it is not. */
  #lasts(what: string): number {
    const since = this.#since.get(what);
    return since === undefined ? 0 : Math.max(1, this.#world.clock.now - since);
  }

  #tell(what: string): void {
    this.harm.push(what);
    this.#world.log.write('HARM', what);
  }
}

function isWorking(world: World, vm: Vm): boolean {
  return vm.power === 'on' && vm.isAlive && (world.machineOf(vm)?.boot.heldUntil ?? 0) <= world.clock.now;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
