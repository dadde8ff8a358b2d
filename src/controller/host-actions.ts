import type { Config } from '../config/schema.ts';
import type { Vote } from '../pool/consultation.ts';
import type { PoolState } from '../pool/node-state.ts';
import type { PoolPolicy } from '../pool/policy.ts';
import { rebootHold } from '../pool/reboot.ts';
import type { ActionResult } from '../remediation/actions.ts';
import type { ControllerParts } from '../remediation/controller-parts.ts';
import { runNodePlaybook } from '../remediation/node-playbook.ts';

/** What the actions of host checks work with. */
export interface HostActionsParts {
  readonly parts: () => ControllerParts;
  readonly policy: () => PoolPolicy;
  readonly state: () => PoolState;
  /** What the other observers say of a node. */
  readonly votes: (node: string) => Promise<readonly Vote[]>;
  readonly runCommand: (argv: readonly string[], node: string, timeoutMs: number) => Promise<ActionResult>;
}

type Action = Exclude<Config['host_checks'][string]['on_failure'], 'alert'>;

const timeoutMs = 10 * 60_000;

/** Takes the action of a host check on this machine. */
export async function takeHostAction(action: Action, host: HostActionsParts): Promise<ActionResult> {
  const parts = host.parts();
  if (action === 'reboot') return reboot(host, parts);
  if ('exec' in action) return host.runCommand(action.exec, parts.builder, timeoutMs);
  const { kind, message } = await runNodePlaybook(parts, {
    playbook: action.playbook,
    node: parts.builder,
    address: '127.0.0.1',
    extraVars: {},
    timeoutMs,
  });
  return { ok: kind === 'ok', detail: message };
}

/** Only with the word of another controller that could rebuild this machine should it not come back. */
async function reboot(
  host: HostActionsParts,
  { config, journal, builder, now }: ControllerParts,
): Promise<ActionResult> {
  const policy = host.policy();
  const since = new Date(now().getTime() - policy.stabilityWindowMs).toISOString();
  const hold = rebootHold({
    policy,
    pool: host.state(),
    votes: policy.self === null ? [] : await host.votes(policy.self),
    wasRebootedLately: journal.events.lately(['host.rebooting'], since).length > 0,
  });
  if (hold !== null) return { ok: false, detail: `this machine is not rebooted: ${hold}` };
  journal.events.append({ at: now().toISOString(), node: builder, type: 'host.rebooting', data: {} });
  return host.runCommand(config.remediation.reboot_command, builder, timeoutMs);
}
