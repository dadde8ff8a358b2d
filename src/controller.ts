import type { Environment } from './config/environment.ts';
import type { LoadedConfig } from './config/load.ts';
import { nodeNames, nodeSettings, resolveSelf } from './config/node-settings.ts';
import { poolPolicy } from './config/pool-policy.ts';
import type { Config } from './config/schema.ts';
import { secretValues } from './config/secret-refs.ts';
import { resolveSecret } from './config/secret.ts';
import { RegrowError } from './errors.ts';
import type { ControllerView } from './http/controller-view.ts';
import { startHttpServer, type HttpServer } from './http/server.ts';
import { SecretValues, type Logger } from './logging.ts';
import { systemClock } from './monitor/clock.ts';
import type { Measurement } from './monitor/measurement.ts';
import { Monitor } from './monitor/monitor.ts';
import type { PlanEntry } from './monitor/plan.ts';
import { probeCommand } from './monitor/probes/command.ts';
import { realProbes } from './monitor/probes/real-probes.ts';
import type { PoolPolicy } from './pool/policy.ts';
import type { DiscoveryReport } from './pool/report.ts';
import { Actions } from './remediation/actions.ts';
import type { ControllerParts } from './remediation/controller-parts.ts';
import { lockDaemon, type DaemonLock } from './remediation/daemon-lock.ts';
import { discoverPool, type PoolReading } from './remediation/discover.ts';
import { Discovery } from './remediation/discovery.ts';
import { faultMemory } from './remediation/fault-memory.ts';
import { LatestResults } from './remediation/latest-results.ts';
import { monotonicNow } from './remediation/monotonic.ts';
import { playbookProbe } from './remediation/node-playbook.ts';
import { OrdersWatch } from './remediation/orders-watch.ts';
import { Rebuilds } from './remediation/rebuilds.ts';
import { Reconciler } from './remediation/reconciler.ts';
import { observationOf, poolReport, type ReportSource } from './remediation/report.ts';
import { Targets } from './remediation/targets.ts';
import { openJournal, type Journal } from './store/journal.ts';

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

/** Without a measurement for so long, though there are checks, the scheduler is taken to stand still. */
const stillForMs = 60_000;
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The daemon: every part is built and joined here, and nowhere else. Start: lock, journal, what an earlier process left, HTTP, then
 * measuring. Stop: the other way round; a rebuild that runs is left to go on, or waited for (`remediation.on_stop`).
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #clock = systemClock();
  readonly #startedAt = new Date();
  readonly #results = new LatestResults();
  readonly #since = new Map<string, string>();
  readonly #lock: DaemonLock;
  readonly #journal: Journal;
  readonly #targets: Targets;
  readonly #reconciler: Reconciler;
  readonly #monitor: Monitor;
  readonly #discovery: Discovery<PoolReading>;
  readonly #rebuilds: Rebuilds;
  readonly #orders: OrdersWatch;
  #config: Config;
  #http: HttpServer | undefined;
  #read: DiscoveryReport = { ok: false, at: null, error: 'vCenter was not read yet' };
  #isRecovered = false;
  #measuredAt: number;

  private constructor(options: ControllerOptions, lock: DaemonLock, secrets: SecretValues) {
    const { loaded, log, env } = options;
    this.#options = options;
    this.#config = loaded.config;
    this.#lock = lock;
    this.#journal = openJournal(loaded.config.state_dir, { redact: secrets.redact });
    this.#measuredAt = this.#clock.now();
    this.#targets = new Targets(this.#journal);
    this.#targets.refresh(nodeNames(this.#config));
    const parts = (): ControllerParts => this.#parts();
    const actions = new Actions({ parts, log, runCommand: (argv, node, ms) => this.#runCommand(argv, node, ms) });
    this.#rebuilds = new Rebuilds({
      parts,
      clock: this.#clock,
      log,
      tell: (event) => this.#reconciler.handle(event),
      onRunEvent: (run, node, event) => {
        if (event.e !== 'task_start') return;
        this.#append(node, 'rebuild.task', { step: event.task.step, task: event.task.name }, run);
      },
    });
    this.#discovery = new Discovery(
      {
        clock: this.#clock,
        read: () => discoverPool(this.#parts()),
        onRead: (reading) => this.#onRead(reading),
        onUnreadable: (error) => this.#onUnreadable(error),
      },
      this.#config.discovery.interval,
    );
    const memory = faultMemory({
      journal: this.#journal,
      monotonicMs: () => this.#clock.now(),
      now: () => new Date(),
      bootId: monotonicNow().bootId,
      nodes: () => nodeNames(this.#config),
    });
    this.#reconciler = new Reconciler({
      policy: this.#policy(),
      clock: this.#clock,
      log,
      memory: {
        ...memory,
        record: (node, type, data) => {
          if (node !== null && type === 'node.state') this.#since.set(node, new Date().toISOString());
          memory.record(node, type, data);
        },
      },
      hands: {
        discover: () => this.#discovery.soon(),
        rebuild: ({ node, judged, attempt }) => this.#rebuilds.order(node, judged, attempt),
        act: (order) => actions.order(order),
      },
    });
    this.#orders = new OrdersWatch({
      clock: this.#clock,
      journal: this.#journal,
      now: () => new Date(),
      state: () => this.#reconciler.state,
      tell: (event) => this.#reconciler.handle(event),
      onTrouble: (error) => log.error({ err: error }, 'the journal cannot be read'),
    });
    this.#monitor = new Monitor({
      clock: this.#clock,
      target: (node) => this.#targets.of(node, this.#reconciler.state),
      probes: realProbes({
        path: env['PATH'] ?? defaultPath,
        playbook: (check, target) => playbookProbe(this.#parts(), check, target),
      }),
      onMeasured: (measurement) => this.#onMeasured(measurement),
      onStalled: (ms) => {
        this.#append(null, 'controller.stalled', { ms });
        this.#reconciler.handle({ kind: 'stalled', ms });
      },
    });
  }

  /** Starts everything. Throws CONTROLLER_RUNNING, JOURNAL_UNUSABLE, HTTP_UNAVAILABLE or SECRET_UNAVAILABLE. */
  static async start(options: ControllerOptions): Promise<Controller> {
    const { config } = options.loaded;
    const secrets = new SecretValues(await secretValues(config, options.env));
    const controller = new Controller(options, await lockDaemon(config.state_dir), secrets);
    try {
      await controller.#start();
      return controller;
    } catch (error) {
      await controller.#end();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { version, log } = this.#options;
    this.#append(null, 'controller.started', { version, builder: this.#policy().builder });
    this.#http = await startHttpServer({
      listen: this.#config.http.listen,
      view: this.#view(),
      onFault: (error, path) => log.error({ err: error, path }, 'an HTTP answer failed'),
    });
    this.#orders.start();
    await this.#rebuilds.recover(this.#reconciler.state);
    this.#isRecovered = true;
    // Waits that ended while nobody was here.
    this.#reconciler.handle({ kind: 'time' });
    this.#discovery.start();
    this.#monitor.setPlan(this.#plan());
    this.#monitor.start();
    log.info({ url: this.#http.url, pool: this.#config.pool.name }, 'watching');
  }

  /** Whether the scheduler makes progress: for the service manager's watchdog and for /healthz. */
  health(): { readonly ok: boolean; readonly detail: string } {
    const stillMs = this.#clock.now() - this.#measuredAt;
    const longest = Math.max(0, ...this.#plan().map(({ check }) => check.interval + check.timeout));
    if (this.#plan().length === 0 || !this.#isRecovered || stillMs < stillForMs + 2 * longest)
      return { ok: true, detail: 'the scheduler makes progress' };
    return { ok: false, detail: `nothing was measured for ${Math.round(stillMs / 1000)} s` };
  }

  /** One line for the service manager. */
  statusLine(): string {
    const { nodes, pool } = poolReport(this.#source());
    return `${nodes.filter(({ state }) => state === 'healthy').length} of ${nodes.length} nodes of ${pool} healthy`;
  }

  /** Reads the configuration again. One that is not valid changes nothing. States stay. */
  async reload(): Promise<void> {
    const { load, log } = this.#options;
    try {
      const { config } = await load();
      this.#mustFit(config);
      this.#config = config;
    } catch (error) {
      const problems = error instanceof RegrowError ? error.message : String(error);
      log.error({ err: error }, 'the configuration stays as it was');
      this.#append(null, 'config.rejected', { problems });
      return;
    }
    const nodes = nodeNames(this.#config);
    this.#targets.refresh(nodes);
    this.#results.keepOnly(nodes);
    this.#reconciler.replan(this.#policy());
    this.#monitor.setPlan(this.#plan());
    this.#discovery.setInterval(this.#config.discovery.interval);
    this.#discovery.soon();
    this.#append(null, 'config.reloaded', { nodes });
    log.info({ nodes }, 'the configuration was read again');
  }

  /** What only a new start can change. */
  #mustFit(config: Config): void {
    const changed = [
      ...(config.state_dir === this.#config.state_dir ? [] : ['state_dir']),
      ...(config.http.listen === this.#config.http.listen ? [] : ['http.listen']),
      ...(config.pool.name === this.#config.pool.name ? [] : ['pool.name']),
    ];
    if (changed.length === 0) return;
    throw new RegrowError('CONFIG_INVALID', `${changed.join(', ')} cannot be changed while the controller runs.`, {
      remedy: 'Restart the service.',
    });
  }

  /** Ends the daemon. */
  async stop(): Promise<void> {
    this.#append(null, 'controller.stopping', { running: this.#rebuilds.running });
    this.#monitor.stop();
    this.#discovery.stop();
    this.#orders.stop();
    if (this.#config.remediation.on_stop === 'wait') await this.#rebuilds.idle();
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#monitor.stop();
    this.#discovery.stop();
    this.#orders.stop();
    this.#reconciler.stop();
    await this.#http?.close();
    await this.#lock.release();
  }

  #parts(): ControllerParts {
    const { env, command } = this.#options;
    const { self, builder } = this.#own();
    return { config: this.#config, journal: this.#journal, env, builder, self, command, now: () => new Date() };
  }

  #own(): { readonly self: string | null; readonly builder: string } {
    const machine = this.#options.hostname.split('.')[0] ?? 'localhost';
    const self = resolveSelf(this.#config, machine);
    return { self, builder: self ?? machine };
  }

  #policy(): PoolPolicy {
    return poolPolicy(this.#config, this.#own());
  }

  /** Every check of every other node. */
  #plan(): readonly PlanEntry[] {
    const { self } = this.#own();
    return nodeNames(this.#config)
      .filter((node) => node !== self)
      .flatMap((node) =>
        Object.entries(nodeSettings(this.#config, node).checks).map(([name, check]) => ({ node, name, check })),
      );
  }

  #onMeasured({ node, check, subject, endedAt, result }: Measurement): void {
    this.#measuredAt = this.#clock.now();
    const { status, detail, latencyMs } = result;
    this.#results.set(node, check, { status, detail, latencyMs, at: new Date().toISOString(), atMs: endedAt });
    this.#options.log.debug({ node, check, status, detail, latency_ms: latencyMs }, 'measured');
    this.#reconciler.handle({ kind: 'measured', node, check, subject, status, detail });
  }

  #onRead({ nodes }: PoolReading): void {
    if (!this.#read.ok && this.#read.at !== null) this.#append(null, 'discovery.restored', {});
    this.#read = { ok: true, at: new Date().toISOString(), error: null };
    this.#targets.refresh(nodeNames(this.#config));
    this.#reconciler.handle({ kind: 'read', nodes });
  }

  #onUnreadable(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#read.ok || this.#read.at === null) {
      this.#append(null, 'discovery.failed', { message });
      this.#options.log.warn({ err: error }, 'vCenter cannot be read');
    }
    this.#read = { ok: false, at: this.#read.at, error: message };
    this.#reconciler.handle({ kind: 'unreadable' });
  }

  async #runCommand(
    argv: readonly string[],
    node: string,
    timeoutMs: number,
  ): Promise<{ ok: boolean; detail: string }> {
    const { address } = this.#targets.of(node, this.#reconciler.state);
    const env = {
      PATH: this.#options.env['PATH'] ?? defaultPath,
      LC_ALL: 'C.UTF-8',
      REGROW_NODE: node,
      ...(address === undefined ? {} : { REGROW_ADDRESS: address }),
    };
    const { status, detail } = await probeCommand({ argv, env, timeoutMs });
    return { ok: status === 'ok', detail };
  }

  /** A record beside those of the state machine. A journal that cannot be written must not end what goes on. */
  #append(node: string | null, type: string, data: Readonly<Record<string, unknown>>, run: string | null = null): void {
    try {
      this.#journal.events.append({ at: new Date().toISOString(), node, type, data, run });
    } catch (error) {
      this.#options.log.error({ err: error, type }, 'the journal cannot be written');
    }
  }

  #source(): ReportSource {
    return {
      config: this.#config,
      policy: this.#reconciler.policy,
      state: this.#reconciler.state,
      journal: this.#journal,
      results: this.#results,
      controller: {
        name: this.#own().builder,
        node: this.#own().self,
        version: this.#options.version,
        started_at: this.#startedAt.toISOString(),
      },
      discovery: this.#read,
      membership: { version: 0, by: null, conflict: null },
      since: (node) => this.#since.get(node) ?? null,
      nowMs: this.#clock.now(),
      now: new Date(),
    };
  }

  #view(): ControllerView {
    return {
      report: () => poolReport(this.#source()),
      observation: (node) => observationOf(this.#source(), node),
      membership: () => null,
      events: (filter) => this.#journal.events.list(filter),
      health: () => this.health(),
      ready: () => {
        if (!this.#isRecovered) return { ok: false, reason: 'what an earlier process left is not settled yet' };
        return this.#read.at === null ? { ok: false, reason: 'vCenter was not read yet' } : { ok: true };
      },
      token: async () => {
        const { token } = this.#config.http;
        return token === null ? null : resolveSecret(token, this.#options.env);
      },
    };
  }
}
