import type { AnyCheck, Config } from '../config/schema.ts';
import type { Logger } from '../logging.ts';
import type { Clock } from '../monitor/clock.ts';
import { Monitor } from '../monitor/monitor.ts';
import type { Probes } from '../monitor/probes/probes.ts';
import type { ProbeResult } from '../monitor/probes/probe-result.ts';
import { afterHostResult, rememberedHostCheck, unmeasuredHostCheck, type HostCheckState } from '../pool/host-check.ts';
import type { CheckReport } from '../pool/report.ts';
import { actionName } from '../remediation/report.ts';
import type { Journal } from '../store/journal.ts';

type HostChecks = Config['host_checks'];
type HostAction = HostChecks[string]['on_failure'];

/** What came of an action. */
interface Done {
  readonly ok: boolean;
  readonly detail: string;
}

/** What the checks of this machine work with. */
export interface HostWatchParts {
  readonly clock: Clock;
  readonly probes: Probes;
  readonly journal: Pick<Journal, 'events'>;
  readonly log: Logger;
  /** This machine's name in the journal. */
  readonly name: () => string;
  readonly checks: () => HostChecks;
  /** Told of every result. */
  readonly onMeasured: (check: string, result: ProbeResult) => void;
  /** Why actions are held now, by a pause or the mode; null when they are not. */
  readonly hold: () => string | null;
  /** Takes an action other than `alert`. */
  readonly act: (check: string, action: Exclude<HostAction, 'alert'>) => Promise<Done>;
  readonly now: () => Date;
}

const eventTypes = ['host.fault.opened', 'host.fault.closed', 'host.action.taken'] as const;
/** A fault that nobody saw for so long is forgotten. */
const memoryMs = 30 * 24 * 3_600_000;

/** Watches this machine itself: its own checks, each with its own action, once per fault, over restarts too. No other node hears of them. */
export class HostWatch {
  readonly #parts: HostWatchParts;
  readonly #monitor: Monitor;
  readonly #states = new Map<string, HostCheckState>();
  readonly #last = new Map<string, CheckReport['last']>();

  constructor(parts: HostWatchParts) {
    this.#parts = parts;
    this.#monitor = new Monitor({
      clock: parts.clock,
      probes: parts.probes,
      target: () => ({ name: parts.name(), address: '127.0.0.1', subject: null }),
      onMeasured: ({ check, result }) => this.#measured(check, result),
      onStalled: () => {
        // What was counted before counts for nothing; open faults stay, and their actions stay taken.
        for (const [check, { isFault, isActed }] of this.#states)
          this.#states.set(check, isFault ? rememberedHostCheck(isActed) : unmeasuredHostCheck);
      },
    });
  }

  /** Begins where an earlier process ended. */
  start(): void {
    this.#remember();
    this.replan();
    this.#monitor.start();
  }

  /** Goes by the checks as they are configured now. */
  replan(): void {
    const checks = Object.entries(this.#parts.checks());
    const names = new Set(checks.map(([name]) => name));
    for (const known of [...this.#states.keys(), ...this.#last.keys()]) {
      if (names.has(known)) continue;
      this.#states.delete(known);
      this.#last.delete(known);
    }
    this.#monitor.setPlan(
      checks.map(([name, check]: [string, AnyCheck]) => ({ node: this.#parts.name(), name, check })),
    );
  }

  stop(): void {
    this.#monitor.stop();
  }

  report(): readonly CheckReport[] {
    return Object.entries(this.#parts.checks()).map(([name, { type, on_failure, failures: of }]) => {
      const { verdict, failures } = this.#stateOf(name).check;
      const last = this.#last.get(name) ?? null;
      return { name, type, on_failure: actionName(on_failure), verdict, failures, of, last };
    });
  }

  #remember(): void {
    const since = new Date(this.#parts.now().getTime() - memoryMs).toISOString();
    for (const { type, data } of this.#parts.journal.events.lately(eventTypes, since)) {
      const check = String(data['check']);
      if (type === 'host.fault.closed') this.#states.delete(check);
      else this.#states.set(check, rememberedHostCheck(type === 'host.action.taken'));
    }
  }

  #stateOf(check: string): HostCheckState {
    return this.#states.get(check) ?? unmeasuredHostCheck;
  }

  #measured(check: string, result: ProbeResult): void {
    const { status, detail, latencyMs } = result;
    this.#parts.onMeasured(check, result);
    const settings = this.#parts.checks()[check];
    if (settings === undefined) return;
    this.#last.set(check, { status, at: this.#parts.now().toISOString(), latency_ms: latencyMs, detail });
    const hold = settings.on_failure === 'alert' ? null : this.#parts.hold();
    const { state, steps } = afterHostResult(this.#stateOf(check), status, settings, hold !== null);
    this.#states.set(check, state);
    for (const step of steps) {
      switch (step) {
        case 'opened': {
          this.#record('host.fault.opened', { check, detail, held: hold });
          const held = hold === null ? '' : `; its action is held: ${hold}`;
          this.#alert(check, `the check ${check} of this machine fails: ${detail}${held}`);
          break;
        }
        case 'act':
          void this.#act(check, settings.on_failure);
          break;
        case 'closed':
          this.#record('host.fault.closed', { check, detail });
          this.#parts.log.info({ check, detail }, 'the check of this machine succeeds again');
          break;
      }
    }
  }

  async #act(check: string, action: HostAction): Promise<void> {
    // It is written down before it is done: whatever ends this process, it is not done twice.
    this.#record('host.action.taken', { check, action: actionName(action) });
    if (action === 'alert') return;
    let done: Done;
    try {
      done = await this.#parts.act(check, action);
    } catch (error) {
      done = { ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
    this.#record(done.ok ? 'host.action.done' : 'host.action.failed', {
      check,
      action: actionName(action),
      detail: done.detail,
    });
    if (!done.ok) this.#alert(check, `${actionName(action)} for the check ${check} of this machine: ${done.detail}`);
  }

  #alert(check: string, text: string): void {
    this.#record('alert.raised', { check, text });
    this.#parts.log.error({ check }, text);
  }

  #record(type: string, data: Readonly<Record<string, unknown>>): void {
    const { journal, log, now, name } = this.#parts;
    try {
      journal.events.append({ at: now().toISOString(), node: name(), type, data });
    } catch (error) {
      log.error({ err: error, type }, 'the journal cannot be written');
    }
  }
}
