import type { Environment } from '../config/environment.ts';
import type { LoadedConfig } from '../config/load.ts';
import { nodeSettings } from '../config/node-settings.ts';
import type { Config } from '../config/schema.ts';
import { Idempotent } from '../http/idempotency.ts';
import type { Logger, SecretValues } from '../logging.ts';
import { systemClock } from '../monitor/clock.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { PlanEntry } from '../monitor/plan.ts';
import { probeCommand } from '../monitor/probes/command.ts';
import type { Probes } from '../monitor/probes/probes.ts';
import { realProbes } from '../monitor/probes/real-probes.ts';
import { SelfWatch } from '../monitor/self-watch.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { MembershipKeeper } from '../peers/membership-keeper.ts';
import type { ActionResult } from '../remediation/actions.ts';
import type { Approvals } from '../remediation/approvals.ts';
import type { Consultations } from '../remediation/consultations.ts';
import type { ControllerParts } from '../remediation/controller-parts.ts';
import type { PoolReading } from '../remediation/discover.ts';
import type { Discovery } from '../remediation/discovery.ts';
import type { Leftovers } from '../remediation/leftovers.ts';
import { playbookProbe } from '../remediation/node-playbook.ts';
import type { OrdersWatch } from '../remediation/orders-watch.ts';
import type { Outlook } from '../remediation/outlook.ts';
import type { Rebuilds } from '../remediation/rebuilds.ts';
import type { Reconciler } from '../remediation/reconciler.ts';
import { pruneRuns } from '../remediation/run-journal.ts';
import type { Steering } from '../remediation/steering.ts';
import { Targets } from '../remediation/targets.ts';
import type { Journal } from '../store/journal.ts';
import {
  newApprovals,
  newConsultations,
  newLeftovers,
  newOrdersWatch,
  newRebuilds,
  newReconciler,
  newSteering,
} from './acting.ts';
import type { HostWatch } from './host-watch.ts';
import { ImageWatch } from './image-watch.ts';
import type { Inquiry } from './inquiry.ts';
import { LiveConfig } from './live-config.ts';
import type { Telemetry } from './telemetry.ts';
import {
  newDiscovery,
  newHostWatch,
  newInquiry,
  newMembership,
  newMonitor,
  newTeller,
  newOutlook,
  newTelemetry,
} from './watching.ts';

/** What the daemon is started with. */
export interface ControllerOptions {
  readonly loaded: LoadedConfig;
  /** Reads the configuration again. Throws CONFIG_INVALID or CONFIG_NOT_FOUND. */
  readonly load: () => Promise<LoadedConfig>;
  readonly env: Environment;
  readonly hostname: string;
  /** How playbooks call this program, as argv. */
  readonly command: readonly string[];
  readonly version: string;
  readonly log: Logger;
}

/** In a large pool all others are asked less often: no controller is asked more often for its list of nodes than every so many milliseconds. */
const exchangeShareMs = 100;
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What the parts ask of the daemon that holds them. */
export interface Outside {
  readonly url: () => string | undefined;
  /** What an earlier process left is settled. */
  readonly isRecovered: () => boolean;
  /** Reads the configuration again; false when it is not valid, and nothing changed. */
  readonly loadAgain: () => Promise<boolean>;
}

/** The parts of a daemon, joined here and nowhere else: each finds the others here when it needs them. They are built in this order. */
export class Machinery {
  readonly options: ControllerOptions;
  readonly outside: Outside;
  readonly clock = systemClock();
  readonly startedAt = new Date();
  readonly live: LiveConfig;
  readonly journal: Journal;
  readonly targets: Targets;
  readonly self: SelfWatch;
  readonly outlook: Outlook;
  readonly inquiry: Inquiry;
  readonly images: ImageWatch;
  readonly consultations: Consultations;
  readonly leftovers: Leftovers;
  readonly rebuilds: Rebuilds;
  readonly discovery: Discovery<PoolReading>;
  readonly approvals: Approvals;
  readonly reconciler: Reconciler;
  readonly orders: OrdersWatch;
  readonly steering: Steering;
  readonly idempotent: Idempotent;
  readonly monitor: Monitor;
  readonly membership: MembershipKeeper;
  readonly host: HostWatch;
  readonly telemetry: Telemetry;
  readonly notifier: Notifier;
  #exchangedAt = -Infinity;

  constructor(options: ControllerOptions, outside: Outside, journal: Journal, secrets: SecretValues) {
    this.options = options;
    this.outside = outside;
    this.live = new LiveConfig({ ...options, secrets });
    this.journal = journal;
    this.targets = new Targets(journal);
    this.self = new SelfWatch(this.clock);
    this.outlook = newOutlook(this);
    this.inquiry = newInquiry(this);
    this.images = new ImageWatch({ live: this.live, inquiry: this.inquiry, nowMs: () => this.clock.now() });
    this.consultations = newConsultations(this);
    this.leftovers = newLeftovers(this);
    this.rebuilds = newRebuilds(this);
    this.discovery = newDiscovery(this);
    this.approvals = newApprovals(this);
    this.reconciler = newReconciler(this);
    this.orders = newOrdersWatch(this);
    this.steering = newSteering(this);
    this.idempotent = new Idempotent(journal.idempotency);
    this.monitor = newMonitor(this);
    this.membership = newMembership(this);
    this.host = newHostWatch(this);
    this.telemetry = newTelemetry(this);
    this.notifier = newTeller(this);
  }

  /** As it was read last. */
  get config(): Config {
    return this.live.config;
  }

  /** What rebuilds and other runs are given. */
  parts(): ControllerParts {
    const { env, command } = this.options;
    return {
      ...this.live.identity,
      config: this.config,
      journal: this.journal,
      env,
      command,
      now: () => new Date(),
    };
  }

  /** Every check of every other node that this controller observes. */
  plan(): readonly PlanEntry[] {
    const { self } = this.live.identity;
    return this.live.nodes
      .filter((node) => node !== self && this.inquiry.observes(node))
      .flatMap((node) =>
        Object.entries(nodeSettings(this.config, node).checks).map(([name, check]) => ({ node, name, check })),
      );
  }

  /** Real ones. */
  probes(): Probes {
    return realProbes({
      path: this.options.env['PATH'] ?? defaultPath,
      playbook: (check, target) => playbookProbe(this.parts(), check, target),
    });
  }

  /** Runs a command of the configuration, about a node. */
  async runCommand(argv: readonly string[], node: string, timeoutMs: number): Promise<ActionResult> {
    const { address } = this.targets.of(node, this.reconciler.state);
    const env = {
      PATH: this.options.env['PATH'] ?? defaultPath,
      LC_ALL: 'C.UTF-8',
      REGROW_NODE: node,
      ...(address === undefined ? {} : { REGROW_ADDRESS: address }),
    };
    const { status, detail } = await probeCommand({ argv, env, timeoutMs });
    return { ok: status === 'ok', detail };
  }

  /** Exchanges the membership, unless that was done lately. */
  async exchangeWhenDue(): Promise<void> {
    const everyMs = this.live.nodes.length * exchangeShareMs;
    if (this.clock.now() - this.#exchangedAt >= everyMs) await this.exchange();
  }

  /** Hears what the other controllers know of the membership. Without a token they tell nobody. */
  async exchange(): Promise<void> {
    this.#exchangedAt = this.clock.now();
    try {
      if ((await this.live.token()) !== null) await this.membership.exchange();
    } catch (error) {
      this.options.log.error({ err: error }, 'the membership could not be exchanged');
    }
  }

  /** Keeps run folders and journal within bounds. A folder that cannot be removed must not hold up anything. */
  prune(): void {
    try {
      pruneRuns(this.parts());
    } catch (error) {
      this.options.log.warn({ err: error }, 'old runs could not be removed');
    }
  }

  /** A record beside those of the state machine. A journal that cannot be written must not end what goes on. */
  append(node: string | null, type: string, data: Readonly<Record<string, unknown>>, run: string | null = null): void {
    try {
      this.journal.events.append({ at: new Date().toISOString(), node, type, data, run });
    } catch (error) {
      this.options.log.error({ err: error, type }, 'the journal cannot be written');
    }
  }
}
