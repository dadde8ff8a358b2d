import type { ResultStatus } from '../../src/pool/check-state.ts';
import type { Probes } from '../../src/monitor/probes/probes.ts';
import type { ProbeResult } from '../../src/monitor/probes/probe-result.ts';
import type { ProcessClock } from './clock.ts';
import type { World } from './world.ts';

/** A ping gives up after so long. */
const pingGivesUpMs = 3_000;
const answersMs = 5;

/** What one machine of the world measures. */
export function probesOf(world: World, observer: string, clock: ProcessClock): Probes {
  const answer = async <T>(ms: number, value: T): Promise<T> => {
    world.clock.unsettle();
    return new Promise((resolve) => {
      clock.at(clock.now() + ms, () => {
        world.clock.unsettle();
        resolve(value);
      });
    });
  };
  const solo: Probes['measure'] = async (check, { address }) => {
    const status = world.answers(observer, address, world.nameOf(check));
    return answer(status === 'failed' ? Math.min(check.timeout, pingGivesUpMs) : answersMs, resultOf(status));
  };
  return {
    pingAll: async (addresses) => {
      const results = addresses.map((address) => [address, world.answers(observer, address, 'ping')] as const);
      const isSilent = results.some(([, status]) => status === 'failed');
      const answers = new Map(results.map(([address, status]) => [address, resultOf(status)]));
      return answer(isSilent ? pingGivesUpMs : answersMs, answers);
    },
    measure: solo,
    playbook: async (check, { address }) => {
      const status = world.answers(observer, address, world.nameOf(check));
      return answer(answersMs, resultOf(status));
    },
  };
}

/** What a probe tells of it. */
export function resultOf(status: ResultStatus): ProbeResult {
  switch (status) {
    case 'ok':
      return { status, latencyMs: 1, detail: 'answers' };
    case 'failed':
      return { status, latencyMs: 3000, detail: 'no answer' };
    case 'unknown':
      return { status, latencyMs: null, detail: 'trouble of the observer' };
  }
}
