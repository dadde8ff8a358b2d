import type { ProbeCheck } from '../../src/monitor/probes/measure.ts';
import type { ProbeResult, ProbeTarget } from '../../src/monitor/probes/probe-result.ts';
import type { PlaybookCheck, Probes } from '../../src/monitor/probes/probes.ts';

export const ok: ProbeResult = { status: 'ok', latencyMs: 1, detail: 'answers' };
export const failed: ProbeResult = { status: 'failed', latencyMs: 3000, detail: 'no answer' };

/** A measurement that was asked for. The test answers it, when it wants to. */
export interface Asked {
  readonly check: ProbeCheck | PlaybookCheck;
  readonly target: ProbeTarget;
  answer(result: ProbeResult): void;
  reject(error: unknown): void;
}

/** Probes that answer at once with `ok`, with what the test put into `results`, or, in `slow` mode, when the test says so. */
export class FakeProbes implements Probes {
  /** Results by node name or address. */
  readonly results = new Map<string, ProbeResult>();
  /** The addresses of each round of pings, and its timeout. */
  readonly rounds: { readonly addresses: readonly string[]; readonly timeoutMs: number }[] = [];
  /** All measurements without pings. */
  readonly asked: Asked[] = [];
  /** Rounds that wait for an answer, in slow mode. */
  readonly openRounds: { answer(results: ReadonlyMap<string, ProbeResult>): void; reject(error: unknown): void }[] = [];
  slow = false;
  running = 0;
  mostRunning = 0;

  async pingAll(
    addresses: readonly string[],
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<ReadonlyMap<string, ProbeResult>> {
    this.rounds.push({ addresses, timeoutMs });
    if (this.slow) return new Promise((answer, reject) => this.openRounds.push({ answer, reject }));
    return new Map(addresses.map((address) => [address, this.results.get(address) ?? ok]));
  }

  measure(check: ProbeCheck, target: ProbeTarget): Promise<ProbeResult> {
    return this.#ask(check, target);
  }

  playbook(check: PlaybookCheck, target: ProbeTarget): Promise<ProbeResult> {
    return this.#ask(check, target);
  }

  async #ask(check: ProbeCheck | PlaybookCheck, target: ProbeTarget): Promise<ProbeResult> {
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      return await new Promise((answer, reject) => {
        this.asked.push({ check, target, answer, reject });
        if (!this.slow) answer(this.results.get(target.name) ?? ok);
      });
    } finally {
      this.running -= 1;
    }
  }
}
