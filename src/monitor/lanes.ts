import PQueue from 'p-queue';
import type { SoloEntry } from './plan.ts';
import type { Work } from './pulse.ts';

/** How many measurements run at once: enough that the slowest ones do not hold up the rest of a pool of a thousand nodes. */
const laneWidths = { network: 128, command: 16, playbook: 2 } as const;

export type LaneName = keyof typeof laneWidths;

/** Where measurements wait for their turn. Each kind has its lane, so that a slow one holds up its own kind alone. */
export class Lanes {
  readonly #network = new PQueue({ concurrency: laneWidths.network });
  readonly #commands = new PQueue({ concurrency: laneWidths.command });
  readonly #playbooks = new PQueue({ concurrency: laneWidths.playbook });

  /** Runs it when its lane has room. A round of pings is a single process, and waits for nobody. */
  async run(work: Work, run: () => Promise<void>): Promise<void> {
    return work.kind === 'round' ? run() : this.#laneOf(work.entry.check.type).add(run);
  }

  /** Forgets all that waits. */
  clear(): void {
    for (const lane of [this.#network, this.#commands, this.#playbooks]) lane.clear();
  }

  /** How many wait, and have not begun. */
  waiting(): Readonly<Record<LaneName, number>> {
    return { network: this.#network.size, command: this.#commands.size, playbook: this.#playbooks.size };
  }

  #laneOf(type: SoloEntry['check']['type']): PQueue {
    switch (type) {
      case 'tcp':
      case 'http':
        return this.#network;
      case 'command':
      case 'filesystem':
      case 'memory':
      case 'cpu':
        return this.#commands;
      case 'playbook':
        return this.#playbooks;
    }
  }
}
