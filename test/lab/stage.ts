import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { Lab, type Operation } from './lab.ts';
import { Vsphere } from './vsphere.ts';

/** What a VM made by hand has beyond its name and the admin's key. */
export interface DeployOptions {
  readonly on?: boolean;
  readonly annotation?: string;
  /** OVF properties. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** An empty lab with a vCenter client, for tests of the lab itself: VMs are made and moved by hand. */
export class Stage {
  readonly folder = '/losangelesctr/vm/web';
  #lab: Lab | undefined;
  #vsphere: Vsphere | undefined;

  get lab(): Lab {
    if (!this.#lab) throw new Error('the lab is not up');
    return this.#lab;
  }

  get vsphere(): Vsphere {
    if (!this.#vsphere) throw new Error('nobody is logged in');
    return this.#vsphere;
  }

  /** The template image, as arguments of the client. */
  get image(): { readonly ovf: string; readonly disk: string } {
    const dir = join(this.lab.dir, 'image');
    return { ovf: join(dir, 'coreimage.ovf'), disk: join(dir, 'coreimage-disk1.vmdk') };
  }

  async start(): Promise<void> {
    this.#lab = await Lab.up({ nodes: 2, bootstrap: false, leaseSeconds: 2 });
    await this.logInAgain();
  }

  async end(): Promise<void> {
    this.#vsphere?.close();
    await this.lab.down();
  }

  /** A new client in place of the one so far, whose connection may be cut. */
  async logInAgain(): Promise<void> {
    this.#vsphere?.close();
    this.#vsphere = await this.client();
  }

  /** One more client, logged in. */
  async client(): Promise<Vsphere> {
    const fresh = new Vsphere(this.lab.dir);
    const answer = await fresh.login(this.lab.password());
    if (!answer.ok) throw new Error(`login: ${answer.fault}`);
    return fresh;
  }

  /** Deploys a VM and powers it on, with the admin's key and its own name, as a careless caller would. */
  async deploy(name: string, options: DeployOptions = {}): Promise<string> {
    const key = readFileSync(join(this.lab.dir, 'id_ed25519.pub'), 'utf8').trim();
    const properties = { 'public-keys': key, hostname: name, ...options.properties };
    return this.vsphere.text('deploy', { name, ...this.image, ...options, properties });
  }

  /** Deploys a VM and waits for its guest. */
  async node(name: string): Promise<string> {
    const moid = await this.deploy(name);
    await this.lab.until(name, (vm) => vm.address.startsWith('10.77.0.'));
    return moid;
  }

  /** Ends all faults and removes all VMs. */
  async clear(): Promise<void> {
    await this.lab.vcenter('ok');
    for (const { moid, power, lease } of (await this.lab.state()).vms) {
      if (power === 'poweredOn') await this.vsphere.value('power', { moid, on: false });
      if (!lease) await this.vsphere.value('destroy', { moid });
    }
  }

  /** What was recorded of the VM. */
  about(moid: string): Operation[] {
    return this.lab.operations().filter((o) => o.moid === moid);
  }

  /** The same in short: operation and result. */
  did(moid: string): string[] {
    return this.about(moid).map((o) => `${o.operation} ${o.result}`);
  }
}

/** A stage for all tests of a describe block, cleared after each. */
export function useStage(): Stage {
  const stage = new Stage();
  beforeAll(() => stage.start());
  afterEach(() => stage.clear());
  afterAll(() => stage.end());
  return stage;
}

/** Whether the process runs; nobody may have collected a dead one yet. */
export function alive(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
