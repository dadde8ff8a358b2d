import { canRebuild } from '../config/pool-policy.ts';
import type { Check } from '../config/schema.ts';
import type { Confirmation } from '../pool/consultation.ts';
import type { NodeReading } from '../pool/node-state.ts';
import { isProbeCheck, type ProbeCheck } from './probes/measure.ts';
import type { ProbeResult, ProbeTarget } from './probes/probe-result.ts';
import type { Probes } from './probes/probes.ts';

/** What a node is confirmed to have failed by. */
export interface ConfirmParts {
  readonly probes: Pick<Probes, 'measure' | 'playbook'>;
  /** Whether an sshd answers there. */
  readonly sshd: (address: string | undefined, timeoutMs: number) => Promise<ProbeResult>;
  readonly word: HypervisorsWord;
  /** The checks that count, by name; default: every one that can lead to a rebuild. */
  readonly deciding?: readonly string[] | undefined;
}

/**
 * What vCenter says of the node's VM. `off`: it has failed, and whoever answers at its old address is another machine. `absent`: it has
 * failed, unless something answers where it was.
 */
export type HypervisorsWord = 'off' | 'absent' | 'none';

/** The word in a reading of vCenter. */
export function wordOf(found: NodeReading | undefined): HypervisorsWord {
  if (found?.kind === 'absent') return 'absent';
  return found?.kind === 'vm' && found.power === 'off' ? 'off' : 'none';
}

/** A single probe gets no longer than this, whatever its check allows: the others wait for the answer. */
const longestMs = 5_000;

/**
 * Probes a node once more: every check that counts, and, where these only ping, the sshd, which is another path. A check
 * that fails confirms the failure, whatever the others say; an sshd that answers is evidence of life. With nothing measured it is unknown.
 */
export async function confirmFailure(
  checks: Readonly<Record<string, Check>>,
  target: ProbeTarget,
  { probes, sshd, word, deciding: names }: ConfirmParts,
): Promise<Confirmation> {
  if (word === 'off') return { status: 'failed', detail: 'vCenter says that it is off' };
  const deciding = Object.entries(checks).filter(
    ([name, check]) => canRebuild(check) && (names === undefined || names.includes(name)),
  );
  // A page or a port of its own says more of a service than sshd does of the machine.
  const isAboutTheMachine = deciding.every(([, { type }]) => type === 'ping');
  const results = await Promise.all([
    ...deciding.map(async ([name, check]) => ({ name, result: await measureOnce(check, target, probes) })),
    ...(isAboutTheMachine ? [sshd(target.address, longestMs).then((result) => ({ name: 'sshd', result }))] : []),
  ]);
  const told = (status: ProbeResult['status']): string =>
    results
      .filter(({ result }) => result.status === status)
      .map(({ name, result }) => `${name}: ${result.detail}`)
      .join('; ');
  const isFailing = results.some(({ name, result }) => name !== 'sshd' && result.status === 'failed');
  const allPass = deciding.length > 0 && results.every(({ name, result }) => name === 'sshd' || result.status === 'ok');
  const isAlive = results.some(({ name, result }) => name === 'sshd' && result.status === 'ok') || allPass;
  if (isAlive) return { status: 'ok', detail: told('ok') };
  if (isFailing) return { status: 'failed', detail: told('failed') };
  return word === 'absent'
    ? { status: 'failed', detail: 'vCenter says that it is gone' }
    : { status: 'unknown', detail: told('unknown') };
}

async function measureOnce(check: Check, target: ProbeTarget, probes: ConfirmParts['probes']): Promise<ProbeResult> {
  if (!isProbeCheck(check)) return probes.playbook(check, target);
  const short: ProbeCheck = { ...check, timeout: Math.min(check.timeout, longestMs) };
  return probes.measure(short, target);
}
