import type { Environment } from './config/environment.ts';
import type { LoadedConfig } from './config/load.ts';
import { modeIn, nodeSettings } from './config/node-settings.ts';
import type { Config } from './config/schema.ts';
import { secretValues } from './config/secret-refs.ts';
import { takeHostAction } from './controller/host-actions.ts';
import { HostWatch } from './controller/host-watch.ts';
import { Inquiry } from './controller/inquiry.ts';
import { journalView } from './controller/journal-view.ts';
import { LiveConfig } from './controller/live-config.ts';
import { isOpenWide, openWideWarning } from './config/open-wide.ts';
import { Telemetry } from './controller/telemetry.ts';
import { newNotifier } from './controller/notices.ts';
import { relay } from './controller/relay.ts';
import type { ControllerView } from './http/controller-view.ts';
import { Idempotent } from './http/idempotency.ts';
import { startHttpServer, type HttpServer } from './http/server.ts';
import { SecretValues, type Logger } from './logging.ts';
import { systemClock } from './monitor/clock.ts';
import { Monitor } from './monitor/monitor.ts';
import type { PlanEntry } from './monitor/plan.ts';
import { probeCommand } from './monitor/probes/command.ts';
import { realProbes } from './monitor/probes/real-probes.ts';
import { SelfWatch } from './monitor/self-watch.ts';
import type { Probes } from './monitor/probes/probes.ts';
import type { Notifier } from './notify/notifier.ts';
import { Consultations } from './remediation/consultations.ts';
import { MembershipKeeper } from './peers/membership-keeper.ts';
import { Actions, type ActionResult } from './remediation/actions.ts';
import { Approvals } from './remediation/approvals.ts';
import type { ControllerParts } from './remediation/controller-parts.ts';
import { lockDaemon, type DaemonLock } from './remediation/daemon-lock.ts';
import { discoverPool, type PoolReading } from './remediation/discover.ts';
import { Discovery } from './remediation/discovery.ts';
import { faultMemory } from './remediation/fault-memory.ts';
import { monotonicNow } from './remediation/monotonic.ts';
import { playbookProbe } from './remediation/node-playbook.ts';
import { OrdersWatch } from './remediation/orders-watch.ts';
import { Outlook } from './remediation/outlook.ts';
import { settle } from './remediation/settle.ts';
import { Leftovers } from './remediation/leftovers.ts';
import { isHeldHere } from './pool/check-actions.ts';
import { rankOf } from './pool/moves.ts';
import type { Turn } from './pool/turn.ts';
import { pruneRuns } from './remediation/run-journal.ts';
import { Rebuilds } from './remediation/rebuilds.ts';
import { Reconciler, type ReconcilerMemory } from './remediation/reconciler.ts';
import { Steering } from './remediation/steering.ts';
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

/** Without a measurement for so long, beyond what the checks themselves take, the scheduler is taken to stand still. */
const stillForMs = 60_000;
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The daemon: every part is built and joined here, and nowhere else. Start: lock, journal, HTTP, what an earlier process left, then
 * measuring. Stop: the other way round; a rebuild that runs is left to go on, or waited for (`remediation.on_stop`).
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #clock = systemClock();
  readonly #startedAt = new Date();
  readonly #live: LiveConfig;
  readonly #lock: DaemonLock;
  readonly #journal: Journal;
  readonly #targets: Targets;
  readonly #outlook: Outlook;
  readonly #reconciler: Reconciler;
  readonly #monitor: Monitor;
  readonly #discovery: Discovery<PoolReading>;
  readonly #rebuilds: Rebuilds;
  readonly #orders: OrdersWatch;
  readonly #approvals: Approvals;
  readonly #steering: Steering;
  readonly #idempotent: Idempotent;
  readonly #membership: MembershipKeeper;
  readonly #inquiry: Inquiry;
  readonly #consultations: Consultations;
  readonly #self: SelfWatch;
  readonly #leftovers: Leftovers;
  readonly #host: HostWatch;
  readonly #telemetry: Telemetry;
  readonly #notifier: Notifier;
  #http: HttpServer | undefined;
  #isRecovered = false;
  #isEnding = false;

  private constructor(options: ControllerOptions, lock: DaemonLock, journal: Journal, secrets: SecretValues) {
    this.#options = options;
    this.#live = new LiveConfig({ ...options, secrets });
    this.#lock = lock;
    this.#journal = journal;
    this.#targets = new Targets(journal);
    this.#self = new SelfWatch(this.#clock);
    this.#outlook = this.#newOutlook();
    this.#inquiry = this.#newInquiry();
    this.#consultations = this.#newConsultations();
    this.#leftovers = this.#newLeftovers();
    this.#rebuilds = this.#newRebuilds();
    this.#discovery = this.#newDiscovery();
    this.#approvals = this.#newApprovals();
    this.#reconciler = this.#newReconciler();
    this.#orders = this.#newOrdersWatch();
    this.#steering = this.#newSteering();
    this.#idempotent = new Idempotent(journal.idempotency);
    this.#monitor = this.#newMonitor();
    this.#membership = this.#newMembership();
    this.#host = this.#newHostWatch();
    this.#telemetry = this.#newTelemetry();
    this.#notifier = this.#newNotifier();
  }

  /** Starts everything. Throws CONTROLLER_RUNNING, JOURNAL_UNUSABLE, HTTP_UNAVAILABLE or SECRET_UNAVAILABLE. */
  static async start(options: ControllerOptions): Promise<Controller> {
    const { config } = options.loaded;
    const secrets = new SecretValues(await secretValues(config, options.env));
    const lock = await lockDaemon(config.state_dir);
    let controller: Controller | undefined;
    try {
      const journal = openJournal(config.state_dir, { redact: secrets.redact });
      controller = new Controller(options, lock, journal, secrets);
      await controller.#start();
      return controller;
    } catch (error) {
      await (controller === undefined ? lock.release() : controller.#end());
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { version, log } = this.#options;
    const { builder } = this.#live.identity;
    this.#append(null, 'controller.started', { version, builder });
    this.#targets.refresh(this.#live.nodes);
    this.#http = await startHttpServer({
      listen: this.#config.http.listen,
      tls: await this.#live.readTls(),
      view: this.#view(),
      onFault: (error, path) => log.error({ err: error, path }, 'an HTTP answer failed'),
    });
    await this.#membership.publishIfEdited();
    this.#orders.start();
    this.#telemetry.start();
    this.#notifier.start();
    log.info({ url: this.#http.url, pool: this.#config.pool.name, builder }, 'started');
    if (isOpenWide(this.#config.http)) log.warn({ listen: this.#config.http.listen }, openWideWarning);
    void this.#begin();
  }

  /** Settles what an earlier process left, which may take minutes, and then watches. */
  async #begin(): Promise<void> {
    this.#approvals.recover(this.#reconciler.state);
    await this.#rebuilds.recover(this.#reconciler.state);
    if (this.#isEnding) return;
    this.#isRecovered = true;
    // Waits that ended while nobody was here.
    this.#reconciler.handle({ kind: 'time' });
    this.#discovery.start();
    this.#monitor.setPlan(this.#plan());
    this.#monitor.start();
    this.#host.start();
    this.#options.log.info({ nodes: this.#live.nodes }, 'watching');
  }

  /** Whether the scheduler makes progress: for the service manager's watchdog and for /healthz. */
  health(): { readonly ok: boolean; readonly detail: string } {
    const times = this.#plan().map(({ check }) => check.interval + check.timeout);
    const { stillMs } = this.#outlook;
    if (times.length === 0 || !this.#isRecovered || stillMs < stillForMs + 2 * Math.min(...times))
      return { ok: true, detail: 'the scheduler makes progress' };
    return { ok: false, detail: `nothing was measured for ${Math.round(stillMs / 1000)} s` };
  }

  /** One line for the service manager. */
  statusLine(): string {
    const { nodes, pool } = this.#outlook.report();
    return `${nodes.filter(({ state }) => state === 'healthy').length} of ${nodes.length} nodes of ${pool} healthy`;
  }

  /** Reads the configuration again. One that is not valid changes nothing. States stay. */
  async reload(): Promise<void> {
    if (!(await this.#loadAgain())) return;
    await this.#membership.publishIfEdited();
    await this.#exchange();
  }

  async #loadAgain(): Promise<boolean> {
    const { log } = this.#options;
    try {
      await this.#live.reload();
    } catch (error) {
      log.error({ err: error }, 'the configuration stays as it was');
      this.#append(null, 'config.rejected', { problems: error instanceof Error ? error.message : String(error) });
      return false;
    }
    const { nodes, policy, tls } = this.#live;
    if (tls !== null) this.#http?.renew(tls);
    this.#targets.refresh(nodes);
    this.#outlook.keepOnly(nodes);
    this.#reconciler.replan(policy);
    this.#monitor.setPlan(this.#plan());
    this.#host.replan();
    this.#discovery.setInterval(this.#config.discovery.interval);
    this.#discovery.soon();
    this.#append(null, 'config.reloaded', { nodes });
    log.info({ nodes }, 'the configuration was read again');
    return true;
  }

  /** Ends the daemon. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#append(null, 'controller.stopping', { running: this.#rebuilds.running });
    this.#monitor.stop();
    this.#discovery.stop();
    if (this.#config.remediation.on_stop === 'wait') await this.#rebuilds.idle();
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#monitor.stop();
    this.#host.stop();
    this.#discovery.stop();
    this.#orders.stop();
    this.#telemetry.stop();
    this.#reconciler.stop();
    this.#self.stop();
    await this.#notifier.stop();
    await this.#http?.close();
    await this.#lock.release();
  }

  get #config(): Config {
    return this.#live.config;
  }

  #parts(): ControllerParts {
    const { env, command } = this.#options;
    return {
      ...this.#live.identity,
      config: this.#config,
      journal: this.#journal,
      env,
      command,
      now: () => new Date(),
    };
  }

  /** Every check of every other node that this controller observes. */
  #plan(): readonly PlanEntry[] {
    const { self } = this.#live.identity;
    return this.#live.nodes
      .filter((node) => node !== self && this.#inquiry.observes(node))
      .flatMap((node) =>
        Object.entries(nodeSettings(this.#config, node).checks).map(([name, check]) => ({ node, name, check })),
      );
  }

  #newOutlook(): Outlook {
    return new Outlook({
      journal: this.#journal,
      config: () => this.#config,
      policy: () => this.#reconciler.policy,
      state: () => this.#reconciler.state,
      controller: () => ({
        name: this.#live.identity.builder,
        node: this.#live.identity.self,
        version: this.#options.version,
        started_at: this.#startedAt.toISOString(),
      }),
      membership: () => this.#membership.report,
      hostChecks: () => this.#host.report(),
      isTrusted: () => this.#self.isTrusted && this.#outlook.discovery.ok,
      monotonicMs: () => this.#clock.now(),
      now: () => new Date(),
    });
  }

  #newInquiry(): Inquiry {
    return new Inquiry({
      live: this.#live,
      targets: this.#targets,
      self: this.#self,
      probes: () => this.#probes(),
      state: () => this.#reconciler.state,
      dispute: () => this.#membership.report.conflict,
    });
  }

  #newConsultations(): Consultations {
    return new Consultations({
      inquiry: this.#inquiry,
      tell: (event) => this.#reconciler.handle(event),
      log: this.#options.log,
    });
  }

  #newLeftovers(): Leftovers {
    const turnOf = (name: string): Turn => {
      const { policy, state } = this.#reconciler;
      return { name, policy, pool: state, now: this.#clock.now() };
    };
    return new Leftovers({
      clock: this.#clock,
      log: this.#options.log,
      patienceMs: (node) =>
        (rankOf(turnOf(node), this.#reconciler.state.nodes[node]) + 2) * this.#reconciler.policy.staggerMs,
      mayAct: (node) => !isHeldHere(turnOf(node)) && this.#rebuilds.running.length === 0,
      settle: async (node) => void (await settle(this.#parts(), [node])),
    });
  }

  #probes(): Probes {
    return realProbes({
      path: this.#options.env['PATH'] ?? defaultPath,
      playbook: (check, target) => playbookProbe(this.#parts(), check, target),
    });
  }

  #newRebuilds(): Rebuilds {
    return new Rebuilds({
      parts: () => this.#parts(),
      clock: this.#clock,
      log: this.#options.log,
      tell: (event) => this.#reconciler.handle(event),
      onRunEvent: ({ run, node, kind }, event) => {
        if (event.e !== 'task_start') return;
        this.#append(node, `${kind}.task`, { step: event.task.step, task: event.task.name }, run);
      },
    });
  }

  #newDiscovery(): Discovery<PoolReading> {
    const parts = {
      clock: this.#clock,
      read: () => discoverPool(this.#parts()),
      onRead: ({ nodes, unfinished }: PoolReading, begunAt: number) => {
        if (this.#outlook.wasRead()) this.#append(null, 'discovery.restored', {});
        this.#targets.refresh(this.#live.nodes);
        this.#reconciler.handle({ kind: 'read', begunAt, nodes });
        // Who observes whom follows from who is at work.
        this.#monitor.setPlan(this.#plan());
        this.#leftovers.seen(unfinished.filter((node) => node !== this.#live.identity.self));
        void this.#exchange();
        this.#prune();
      },
      onUnreadable: (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        if (this.#outlook.wasUnreadable(message)) {
          this.#append(null, 'discovery.failed', { message });
          this.#options.log.warn({ err: error }, 'vCenter cannot be read');
        }
        this.#prune();
        this.#reconciler.handle({ kind: 'unreadable' });
      },
    };
    return new Discovery(parts, this.#config.discovery.interval);
  }

  #newReconciler(): Reconciler {
    const { log } = this.#options;
    const actions = new Actions({
      parts: () => this.#parts(),
      log,
      isCurrent: (node, vm) => this.#reconciler.state.nodes[node]?.vm?.instanceUuid === vm?.instanceUuid,
      runCommand: (argv, node, ms) => this.#runCommand(argv, node, ms),
    });
    return new Reconciler({
      policy: this.#live.policy,
      clock: this.#clock,
      log,
      memory: this.#memory(),
      hands: {
        discover: () => this.#discovery.soon(),
        consult: (order) => this.#consultations.order(order),
        rebuild: (order) => this.#rebuilds.order(order),
        restore: (order) => this.#rebuilds.restore(order),
        ask: (order) => this.#approvals.ask(order),
        unask: (order) => this.#approvals.unask(order),
        act: (order) => actions.order(order),
      },
    });
  }

  #memory(): ReconcilerMemory {
    const memory = faultMemory({
      journal: this.#journal,
      monotonicMs: () => this.#clock.now(),
      now: () => new Date(),
      bootId: monotonicNow().bootId,
      nodes: () => this.#live.nodes,
    });
    return {
      ...memory,
      record: (node, type, data) => {
        if (node !== null && type === 'node.state') this.#outlook.changed(node);
        memory.record(node, type, data);
      },
    };
  }

  #newOrdersWatch(): OrdersWatch {
    return new OrdersWatch({
      clock: this.#clock,
      journal: this.#journal,
      now: () => new Date(),
      state: () => this.#reconciler.state,
      tell: (event) => this.#reconciler.handle(event),
      onTrouble: (error) => this.#options.log.error({ err: error }, 'the journal cannot be read'),
    });
  }

  #newApprovals(): Approvals {
    return new Approvals({
      parts: () => this.#parts(),
      log: this.#options.log,
      tell: (event) => this.#reconciler.handle(event),
    });
  }

  #newSteering(): Steering {
    return new Steering({
      parts: () => this.#parts(),
      state: () => this.#reconciler.state,
      policy: () => this.#reconciler.policy,
      monotonicMs: () => this.#clock.now(),
      consult: (node) => this.#consultations.gather(node),
      rebuilds: this.#rebuilds,
      relay: (path, body) => relay(this.#live, this.#inquiry.peers(), path, body),
      tell: (event) => this.#reconciler.handle(event),
      heed: () => this.#orders.lookNow(),
      isReady: () => this.#isRecovered,
    });
  }

  #newMonitor(): Monitor {
    return new Monitor({
      clock: this.#clock,
      target: (node) => this.#targets.of(node, this.#reconciler.state),
      probes: this.#probes(),
      onMeasured: ({ node, check, subject, endedAt, result }) => {
        const { status, detail, latencyMs } = result;
        this.#telemetry.measured(node, check, result);
        this.#outlook.measured(node, check, { status, detail, latencyMs, atMs: endedAt });
        this.#options.log.debug({ node, check, status, detail, latency_ms: latencyMs }, 'measured');
        this.#reconciler.handle({ kind: 'measured', node, check, subject, status, detail });
      },
      onBegun: (slipMs) => this.#telemetry.begun(slipMs),
      onStalled: (ms) => {
        this.#self.stalled();
        this.#append(null, 'controller.stalled', { ms });
        this.#options.log.warn({ ms }, 'this controller stood still: old results count for nothing');
        this.#reconciler.handle({ kind: 'stalled', ms });
      },
    });
  }

  #newHostWatch(): HostWatch {
    return new HostWatch({
      clock: this.#clock,
      probes: this.#probes(),
      journal: this.#journal,
      log: this.#options.log,
      name: () => this.#live.identity.builder,
      checks: () => this.#config.host_checks,
      onMeasured: (check, result) => this.#telemetry.measured(this.#live.identity.builder, check, result),
      hold: () => this.#hostHold(),
      act: (_, action) =>
        takeHostAction(action, {
          parts: () => this.#parts(),
          policy: () => this.#reconciler.policy,
          state: () => this.#reconciler.state,
          votes: (node) => this.#inquiry.votes(node),
          runCommand: (argv, node, ms) => this.#runCommand(argv, node, ms),
        }),
      now: () => new Date(),
    });
  }

  #newTelemetry(): Telemetry {
    return new Telemetry({
      clock: this.#clock,
      journal: this.#journal,
      log: this.#options.log,
      live: this.#live,
      plan: () => this.#plan(),
      waiting: () => this.#monitor.waiting(),
      report: () => this.#outlook.report(),
      state: () => this.#reconciler.state,
      policy: () => this.#reconciler.policy,
    });
  }

  /** A pause and the mode hold the actions of this machine's own checks as they hold rebuilds. */
  #hostHold(): string | null {
    const { builder } = this.#live.identity;
    const mode = modeIn(this.#config, builder);
    const pause = this.#reconciler.state.pauses.find(({ scope }) => scope === 'pool' || scope === `node/${builder}`);
    if (pause !== undefined) return `${pause.scope} is paused: ${pause.reason}`;
    return mode === 'act' ? null : `safety.mode is ${mode}`;
  }

  #newNotifier(): Notifier {
    const { env, version, log } = this.#options;
    return newNotifier({
      live: this.#live,
      journal: this.#journal,
      inquiry: this.#inquiry,
      outlook: this.#outlook,
      clock: this.#clock,
      env,
      version,
      log,
      url: () => this.#http?.url,
    });
  }

  #newMembership(): MembershipKeeper {
    return new MembershipKeeper({
      stateDir: this.#config.state_dir,
      builder: this.#live.identity.builder,
      loaded: () => this.#live.loaded.membership,
      peers: () => this.#inquiry.peers(),
      ask: this.#inquiry.askMembership,
      now: () => new Date(),
      journal: (type, data) => this.#append(null, type, data),
      onAdopted: async () => {
        if (await this.#loadAgain()) await this.#membership.publishIfEdited();
      },
      onConflict: (conflict) => {
        if (conflict !== null) this.#options.log.error({ conflict }, 'two lists of nodes are as new as each other');
      },
    });
  }

  /** Hears what the other controllers know of the membership. Without a token they tell nobody. */
  async #exchange(): Promise<void> {
    try {
      if ((await this.#live.token()) !== null) await this.#membership.exchange();
    } catch (error) {
      this.#options.log.error({ err: error }, 'the membership could not be exchanged');
    }
  }

  async #runCommand(argv: readonly string[], node: string, timeoutMs: number): Promise<ActionResult> {
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

  /** Keeps run folders and journal within bounds. A folder that cannot be removed must not hold up anything. */
  #prune(): void {
    try {
      pruneRuns(this.#parts());
    } catch (error) {
      this.#options.log.warn({ err: error }, 'old runs could not be removed');
    }
  }

  /** A record beside those of the state machine. A journal that cannot be written must not end what goes on. */
  #append(node: string | null, type: string, data: Readonly<Record<string, unknown>>, run: string | null = null): void {
    try {
      this.#journal.events.append({ at: new Date().toISOString(), node, type, data, run });
    } catch (error) {
      this.#options.log.error({ err: error, type }, 'the journal cannot be written');
    }
  }

  #view(): ControllerView {
    return {
      report: () => this.#outlook.report(),
      observation: (node) => this.#outlook.observation(node),
      history: (range, node) => this.#telemetry.history(range, node),
      metrics: () => this.#telemetry.metrics(),
      membership: () => this.#membership.record,
      ...journalView(this.#journal, this.#live.config.state_dir),
      askControllers: () => this.#inquiry.controllers(),
      notifications: () => ({ controller: this.#live.identity.builder, notifications: this.#notifier.report() }),
      health: () => this.health(),
      ready: () => {
        if (!this.#isRecovered) return { ok: false, reason: 'what an earlier process left is not settled yet' };
        return this.#outlook.discovery.at === null ? { ok: false, reason: 'vCenter was not read yet' } : { ok: true };
      },
      orders: this.#steering,
      idempotent: this.#idempotent,
      token: () => this.#live.token(),
    };
  }
}
