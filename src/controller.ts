import { journalView } from './controller/journal-view.ts';
import { isOpenWide, openWideWarning } from './config/open-wide.ts';
import { outOfReach, outOfReachWarnings } from './config/out-of-reach.ts';
import { secretValues } from './config/secret-refs.ts';
import { type ControllerOptions, Machinery } from './controller/machinery.ts';
import type { ControllerView } from './http/controller-view.ts';
import { type HttpServer, startHttpServer } from './http/server.ts';
import { SecretValues } from './logging.ts';
import { type DaemonLock, lockDaemon } from './remediation/daemon-lock.ts';
import { type Journal, openJournal } from './store/journal.ts';

export type { ControllerOptions } from './controller/machinery.ts';

/** Without a measurement for so long, beyond what the checks themselves take, the scheduler is taken to stand still. */
const stillForMs = 60_000;

/**
 * The daemon: its life, from start to stop. Its parts are built and joined in controller/machinery.ts. Start: lock, journal, HTTP, what an earlier process left, then
 * measuring. Stop: the other way round; a rebuild that runs is left to go on, or waited for (`remediation.on_stop`).
 */
export class Controller {
  readonly #lock: DaemonLock;
  readonly #parts: Machinery;
  #http: HttpServer | undefined;
  #isRecovered = false;
  #isEnding = false;

  private constructor(options: ControllerOptions, lock: DaemonLock, journal: Journal, secrets: SecretValues) {
    this.#lock = lock;
    const outside = {
      url: () => this.#http?.url,
      isRecovered: () => this.#isRecovered,
      loadAgain: () => this.#loadAgain(),
    };
    this.#parts = new Machinery(options, outside, journal, secrets);
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
    const { options, config, live, targets, membership, orders, telemetry, notifier } = this.#parts;
    const { version, log } = options;
    const { builder } = live.identity;
    this.#parts.append(null, 'controller.started', { version, builder });
    targets.refresh(live.nodes);
    this.#http = await startHttpServer({
      listen: config.http.listen,
      tls: await live.readTls(),
      view: this.#view(),
      onFault: (error, path) => log.error({ err: error, path }, 'an HTTP answer failed'),
    });
    await membership.publishIfEdited();
    orders.start();
    telemetry.start();
    notifier.start();
    log.info({ url: this.#http.url, pool: config.pool.name, builder }, 'started');
    if (isOpenWide(config.http)) log.warn({ listen: config.http.listen }, openWideWarning);
    for (const key of outOfReach(config)) log.warn({ listen: config.http.listen }, outOfReachWarnings[key]);
    void this.#begin();
  }

  /** Settles what an earlier process left, which may take minutes, and then watches. */
  async #begin(): Promise<void> {
    const { approvals, rebuilds, reconciler, discovery, monitor, host, options, live } = this.#parts;
    approvals.recover(reconciler.state);
    await rebuilds.recover(reconciler.state);
    if (this.#isEnding) return;
    this.#isRecovered = true;
    // Waits that ended while nobody was here.
    reconciler.handle({ kind: 'time' });
    discovery.start();
    monitor.setPlan(this.#parts.plan());
    monitor.start();
    host.start();
    options.log.info({ nodes: live.nodes }, 'watching');
  }

  /** Whether the scheduler makes progress: for the service manager's watchdog and for /healthz. */
  health(): { readonly ok: boolean; readonly detail: string } {
    const times = this.#parts.plan().map(({ check }) => check.interval + check.timeout);
    const { stillMs } = this.#parts.outlook;
    if (times.length === 0 || !this.#isRecovered || stillMs < stillForMs + 2 * Math.min(...times))
      return { ok: true, detail: 'the scheduler makes progress' };
    return { ok: false, detail: `nothing was measured for ${Math.round(stillMs / 1000)} s` };
  }

  /** One line for the service manager. */
  statusLine(): string {
    const { nodes, pool } = this.#parts.outlook.report();
    return `${nodes.filter(({ state }) => state === 'healthy').length} of ${nodes.length} nodes of ${pool} healthy`;
  }

  /** Reads the configuration again. One that is not valid changes nothing. States stay. */
  async reload(): Promise<void> {
    if (!(await this.#loadAgain())) return;
    await this.#parts.membership.publishIfEdited();
    await this.#parts.exchange();
  }

  async #loadAgain(): Promise<boolean> {
    const { live, targets, outlook, reconciler, monitor, host, discovery, options } = this.#parts;
    const { log } = options;
    try {
      await live.reload();
    } catch (error) {
      log.error({ err: error }, 'the configuration stays as it was');
      this.#parts.append(null, 'config.rejected', {
        problems: error instanceof Error ? error.message : String(error),
      });
      return false;
    }
    const { nodes, policy, tls, config } = live;
    if (tls !== null) this.#http?.renew(tls);
    targets.refresh(nodes);
    outlook.keepOnly(nodes);
    reconciler.replan(policy);
    monitor.setPlan(this.#parts.plan());
    host.replan();
    discovery.setInterval(config.discovery.interval);
    discovery.soon();
    this.#parts.append(null, 'config.reloaded', { nodes });
    log.info({ nodes }, 'the configuration was read again');
    return true;
  }

  /** Ends the daemon. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#parts.append(null, 'controller.stopping', { running: this.#parts.rebuilds.running });
    this.#parts.monitor.stop();
    this.#parts.discovery.stop();
    if (this.#parts.config.remediation.on_stop === 'wait') await this.#parts.rebuilds.idle();
    await this.#end();
  }

  async #end(): Promise<void> {
    const { monitor, host, discovery, orders, telemetry, reconciler, self, notifier } = this.#parts;
    for (const part of [monitor, host, discovery, orders, telemetry, reconciler, self]) part.stop();
    await notifier.stop();
    await this.#http?.close();
    await this.#lock.release();
  }

  #view(): ControllerView {
    const { outlook, telemetry, membership, images, journal, live, inquiry, notifier, steering, idempotent } =
      this.#parts;
    return {
      report: () => outlook.report(),
      observation: (node) => outlook.observation(node),
      history: (range, node) => telemetry.history(range, node),
      metrics: () => telemetry.metrics(),
      membership: () => membership.record,
      image: () => images.own(),
      ...journalView(journal, live.config.state_dir),
      askControllers: () => inquiry.controllers(),
      notifications: () => ({
        controller: live.identity.builder,
        notifications: notifier.report(),
      }),
      health: () => this.health(),
      ready: () => {
        if (!this.#isRecovered) return { ok: false, reason: 'what an earlier process left is not settled yet' };
        return outlook.discovery.at === null ? { ok: false, reason: 'vCenter was not read yet' } : { ok: true };
      },
      orders: steering,
      idempotent: idempotent,
      token: () => live.token(),
    };
  }
}
