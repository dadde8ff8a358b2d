import PQueue from 'p-queue';
import type { Logger } from '../logging.ts';
import type { CheckAction } from '../pool/events.ts';
import type { VmIdentity } from '../pool/outcome.ts';
import type { ControllerParts } from './controller-parts.ts';
import { runNodePlaybook } from './node-playbook.ts';

/** An action of a check to be taken. */
export interface ActionOrder {
  readonly node: string;
  /** The VM that the check judged. */
  readonly vm: VmIdentity | null;
  readonly check: string;
  readonly action: CheckAction;
}

/** What came of it. */
export interface ActionResult {
  readonly ok: boolean;
  readonly detail: string;
}

export interface ActionsParts {
  parts(): ControllerParts;
  readonly log: Logger;
  /** Whether that VM still is the node. */
  isCurrent(node: string, vm: VmIdentity | null): boolean;
  /** Runs a command for a node, without a shell, killed whole at its timeout. */
  runCommand(argv: readonly string[], node: string, timeoutMs: number): Promise<ActionResult>;
}

/** An action may take so long, in milliseconds. */
const timeoutMs = 10 * 60_000;
/** Actions at one time; the others wait for their turn. */
const atOnce = 2;

/** Takes the actions of checks other than a remediation, and writes what came of each into the journal. */
export class Actions {
  readonly #parts: ActionsParts;
  readonly #queue = new PQueue({ concurrency: atOnce });

  constructor(parts: ActionsParts) {
    this.#parts = parts;
  }

  order(order: ActionOrder): void {
    this.#queue
      .add(() => this.#take(order))
      .catch((error: unknown) => this.#parts.log.error({ err: error, ...order }, 'the action could not be taken'));
  }

  async #take({ node, vm, check, action }: ActionOrder): Promise<void> {
    // It may have waited for others, and the node may be another VM by now.
    const result = this.#parts.isCurrent(node, vm)
      ? await this.#result(node, action)
      : { ok: false, detail: 'the node is another VM by now: nothing was done' };
    const { journal, now } = this.#parts.parts();
    const type = result.ok ? 'action.done' : 'action.failed';
    journal.events.append({
      at: now().toISOString(),
      node,
      type,
      data: { check, action: action.kind, detail: result.detail },
    });
    this.#parts.log[result.ok ? 'info' : 'error']({ node, check, detail: result.detail }, type);
  }

  async #result(node: string, action: CheckAction): Promise<ActionResult> {
    const parts = this.#parts.parts();
    switch (action.kind) {
      case 'exec':
        return this.#parts.runCommand(action.argv, node, timeoutMs);
      case 'playbook': {
        const address = parts.journal.nodes.lastKnown(node)?.address ?? undefined;
        const order = { playbook: action.playbook, node, address, extraVars: {}, timeoutMs };
        const end = await runNodePlaybook(parts, order);
        return { ok: end.kind === 'ok', detail: end.message };
      }
    }
  }
}
