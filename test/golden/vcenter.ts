import type { VmIdentity } from '../../src/pool/outcome.ts';

/** The last line of a VM's annotation. */
export type Mark =
  | { readonly kind: 'certified'; readonly by: string }
  | {
      readonly kind: 'building';
      readonly by: string;
      readonly run: string;
      readonly incident: string;
      readonly generation: number;
    };

/** A VM of the simulated vCenter. */
export interface Vm extends VmIdentity {
  /** As vCenter has it: the node's name, or `NODE.q.MOID` in quarantine. */
  name: string;
  readonly node: string;
  mark: Mark | null;
  power: 'on' | 'off';
  /** Its guest works, and answers. */
  isAlive: boolean;
  /** What VMware Tools tell of the guest; gray without Tools. */
  heartbeat: 'green' | 'gray' | 'red';
  /** Of its host. */
  connection: string;
  readonly address: string;
}

/** One generation of an incident: who took it, and what was decided. */
export interface Claim {
  readonly node: string;
  readonly incident: string;
  readonly generation: number;
  readonly run: string;
  readonly by: string;
  /** The VM that it tried to build; it counts as a build from then on. */
  built: string | null;
  decision: 'open' | 'abort' | 'commit';
}

/** vCenter answers with an error, or not at all. */
export class VCenterUnreachable extends Error {}

/** Something that vCenter or the new VM refused, by the class of failure that it means. */
export class BuildFailed extends Error {
  readonly failure: string;

  constructor(failure: string, message: string) {
    super(message);
    this.failure = failure;
  }
}

/** What is done to a VM that can do harm. */
export type Deed = 'power off' | 'power on' | 'destroy';

/** What vCenter is like: `empty` and `half` are what its lists of VMs are. */
export const vcenterStates = ['up', 'down', 'slow', 'empty', 'half'] as const;

/** What machines feel of what is done to their VMs. */
export interface VmEvents {
  off(vm: Vm): void;
  /** Just before one is powered off, powered on or destroyed. */
  deed(what: Deed, vm: Vm, by: string): void;
  certified(vm: Vm): void;
}

/** A vCenter with the operations that a rebuild needs, each done at once or refused. It tells what was done. */
export class VCenter {
  readonly vms: Vm[] = [];
  readonly claims: Claim[] = [];
  state: (typeof vcenterStates)[number] = 'up';
  isDatastoreFull = false;
  /** Nodes whose VMs a reading cannot make out. */
  readonly unclear = new Set<string>();
  isImageBroken = false;
  readonly #tell: (line: string) => void;
  readonly #hear: VmEvents;
  #lastId = 0;

  constructor(tell: (line: string) => void, hear: VmEvents) {
    this.#tell = tell;
    this.#hear = hear;
  }

  named(node: string): readonly Vm[] {
    return this.vms.filter(({ name }) => name === node);
  }

  /** The same as a list tells it. One that lacks a VM that its folder has is contradicted, and tells nothing. */
  listed(node: string): readonly Vm[] {
    const isShort = (vm: Vm): boolean =>
      this.state === 'empty' || (this.state === 'half' && this.vms.indexOf(vm) % 2 === 1);
    const named = this.named(node);
    if (named.some(isShort)) throw new VCenterUnreachable(`the listing of vCenter lacks ${node}, which is there`);
    return named;
  }

  quarantined(node: string): readonly Vm[] {
    return this.vms.filter((vm) => vm.name === `${node}.q.${vm.moid}`);
  }

  claimsOf(incident: string): readonly Claim[] {
    return this.claims.filter((claim) => claim.incident === incident);
  }

  openClaim(node: string): Claim | undefined {
    return this.claims.findLast((claim) => claim.node === node && claim.decision === 'open');
  }

  add(node: string, mark: Mark | null, power: Vm['power'] = 'on'): Vm {
    this.#lastId += 1;
    const id = this.#lastId;
    const vm: Vm = {
      moid: `vm-${id}`,
      instanceUuid: `uuid-${id}`,
      name: node,
      node,
      mark,
      power,
      isAlive: power === 'on',
      heartbeat: 'gray',
      connection: 'connected',
      address: `10.0.0.${id}`,
    };
    this.vms.push(vm);
    return vm;
  }

  /** The claim, or undefined when somebody else was first. */
  claim(wanted: Omit<Claim, 'built' | 'decision'>): Claim | undefined {
    const { incident, generation } = wanted;
    if (this.claims.some((each) => each.incident === incident && each.generation === generation)) return undefined;
    const claim: Claim = { ...wanted, built: null, decision: 'open' };
    this.claims.push(claim);
    this.#tell(`claim ${nameOf(claim)} by ${claim.by} ${claim.run}`);
    return claim;
  }

  /** What is decided now, by this call or before it. */
  decide(claim: Claim, decision: 'abort' | 'commit', by: string): Claim['decision'] {
    if (claim.decision === 'open') {
      claim.decision = decision;
      this.#tell(`${decision} ${nameOf(claim)} by ${by}`);
    }
    return claim.decision;
  }

  powerOff(vm: Vm, by: string): void {
    if (vm.power === 'off') return;
    this.#hear.deed('power off', vm, by);
    vm.power = 'off';
    vm.isAlive = false;
    vm.heartbeat = 'gray';
    this.#tell(`power off ${labelOf(vm)} by ${by}`);
    this.#hear.off(vm);
  }

  powerOn(vm: Vm, by: string): void {
    this.#hear.deed('power on', vm, by);
    vm.power = 'on';
    vm.isAlive = true;
    this.#tell(`power on ${labelOf(vm)} by ${by}`);
  }

  quarantine(vm: Vm, by: string): void {
    const name = `${vm.node}.q.${vm.moid}`;
    if (vm.name === name) return;
    vm.name = name;
    this.#tell(`quarantine ${labelOf(vm)} by ${by}`);
  }

  /** The new VM, off; undefined when the name is taken. */
  deploy(claim: Claim, by: string): Vm | undefined {
    if (this.isDatastoreFull) throw new BuildFailed('no_capacity', 'the datastore is full');
    if (this.named(claim.node).length > 0) return undefined;
    const { run, incident, generation } = claim;
    const vm = this.add(claim.node, { kind: 'building', by, run, incident, generation }, 'off');
    claim.built = vm.moid;
    this.#tell(`create ${labelOf(vm)} by ${by}`);
    return vm;
  }

  certify(vm: Vm, by: string): void {
    if (vm.mark?.kind === 'certified') return;
    vm.mark = { kind: 'certified', by };
    this.#tell(`certify ${labelOf(vm)} by ${by}`);
    this.#hear.certified(vm);
  }

  destroy(vm: Vm, by: string): void {
    const index = this.vms.indexOf(vm);
    if (index === -1) return;
    this.#hear.deed('destroy', vm, by);
    this.vms.splice(index, 1);
    this.#tell(`destroy ${labelOf(vm)} by ${by}`);
    this.#hear.off(vm);
  }
}

/** A VM in a line of the log. */
export function labelOf(vm: Vm): string {
  return vm.name === vm.node ? `${vm.name} (${vm.moid})` : vm.name;
}

function nameOf({ incident, generation }: Claim): string {
  return `${incident}.${generation}`;
}
