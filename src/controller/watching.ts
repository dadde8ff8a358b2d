import { modeIn } from '../config/node-settings.ts';
import { Monitor } from '../monitor/monitor.ts';
import type { Notifier } from '../notify/notifier.ts';
import { MembershipKeeper } from '../peers/membership-keeper.ts';
import { discoverPool, type PoolReading } from '../remediation/discover.ts';
import { Discovery } from '../remediation/discovery.ts';
import { Outlook } from '../remediation/outlook.ts';
import { takeHostAction } from './host-actions.ts';
import { HostWatch } from './host-watch.ts';
import { Inquiry } from './inquiry.ts';
import type { Machinery } from './machinery.ts';
import { newNotifier } from './notices.ts';
import { Telemetry } from './telemetry.ts';

/** Asks the other controllers. */
export function newInquiry(m: Machinery): Inquiry {
  return new Inquiry({
    live: m.live,
    targets: m.targets,
    self: m.self,
    probes: () => m.probes(),
    state: () => m.reconciler.state,
    dispute: () => m.membership.report.conflict,
  });
}

/** What is told of the pool. */
export function newOutlook(m: Machinery): Outlook {
  return new Outlook({
    journal: m.journal,
    config: () => m.config,
    policy: () => m.reconciler.policy,
    state: () => m.reconciler.state,
    controller: () => ({
      name: m.live.identity.builder,
      node: m.live.identity.self,
      version: m.options.version,
      started_at: m.startedAt.toISOString(),
    }),
    membership: () => m.membership.report,
    images: () => m.images.report(),
    hostChecks: () => m.host.report(),
    isTrusted: () => m.self.isTrusted && m.outlook.discovery.ok,
    monotonicMs: () => m.clock.now(),
    now: () => new Date(),
  });
}

/** Reads vCenter, and passes on what it shows. */
export function newDiscovery(m: Machinery): Discovery<PoolReading> {
  const parts = {
    clock: m.clock,
    read: () => discoverPool(m.parts()),
    onRead: ({ nodes, unfinished }: PoolReading, begunAt: number) => {
      if (m.outlook.wasRead()) m.append(null, 'discovery.restored', {});
      m.targets.refresh(m.live.nodes);
      m.reconciler.handle({ kind: 'read', begunAt, nodes });
      // Who observes whom follows from who is at work.
      const plan = m.plan();
      m.monitor.setPlan(plan);
      m.reconciler.handle({ kind: 'observing', nodes: [...new Set(plan.map(({ node }) => node))] });
      m.leftovers.seen(unfinished.filter((node) => node !== m.live.identity.self));
      void m.exchangeWhenDue();
      void m.images.refresh().catch((error: unknown) => m.options.log.warn({ err: error }, 'images'));
      m.prune();
    },
    onUnreadable: (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      if (m.outlook.wasUnreadable(message)) {
        m.append(null, 'discovery.failed', { message });
        m.options.log.warn({ err: error }, 'vCenter cannot be read');
      }
      m.prune();
      m.reconciler.handle({ kind: 'unreadable' });
    },
  };
  return new Discovery(parts, m.config.discovery.interval);
}

/** Measures the nodes, and passes on the results. */
export function newMonitor(m: Machinery): Monitor {
  return new Monitor({
    clock: m.clock,
    target: (node) => m.targets.of(node, m.reconciler.state),
    probes: m.probes(),
    onMeasured: ({ node, check, subject, endedAt, result }) => {
      const { status, detail, latencyMs } = result;
      m.telemetry.measured(node, check, result);
      m.outlook.measured(node, check, { status, detail, latencyMs, atMs: endedAt });
      m.options.log.debug({ node, check, status, detail, latency_ms: latencyMs }, 'measured');
      m.reconciler.handle({ kind: 'measured', node, check, subject, status, detail });
    },
    onBegun: (slipMs) => m.telemetry.begun(slipMs),
    onStalled: (ms) => {
      m.self.stalled();
      m.append(null, 'controller.stalled', { ms });
      m.options.log.warn({ ms }, 'this controller stood still: old results count for nothing');
      m.reconciler.handle({ kind: 'stalled', ms });
    },
  });
}

/** Measures this machine. */
export function newHostWatch(m: Machinery): HostWatch {
  return new HostWatch({
    clock: m.clock,
    probes: m.probes(),
    journal: m.journal,
    log: m.options.log,
    name: () => m.live.identity.builder,
    checks: () => m.config.host_checks,
    onMeasured: (check, result) => m.telemetry.measured(m.live.identity.builder, check, result),
    hold: () => hostHold(m),
    act: (_, action) =>
      takeHostAction(action, {
        parts: () => m.parts(),
        policy: () => m.reconciler.policy,
        state: () => m.reconciler.state,
        votes: (node) => m.inquiry.votes(node),
        runCommand: (argv, node, ms) => m.runCommand(argv, node, ms),
      }),
    now: () => new Date(),
  });
}

/** History and metrics. */
export function newTelemetry(m: Machinery): Telemetry {
  return new Telemetry({
    clock: m.clock,
    journal: m.journal,
    log: m.options.log,
    live: m.live,
    plan: () => m.plan(),
    waiting: () => m.monitor.waiting(),
    report: () => m.outlook.report(),
    state: () => m.reconciler.state,
    policy: () => m.reconciler.policy,
  });
}

/** The list of nodes, kept the same everywhere. */
export function newMembership(m: Machinery): MembershipKeeper {
  return new MembershipKeeper({
    stateDir: m.config.state_dir,
    builder: m.live.identity.builder,
    loaded: () => m.live.loaded.membership,
    peers: () => m.inquiry.peers(),
    ask: m.inquiry.askMembership,
    now: () => new Date(),
    journal: (type, data) => m.append(null, type, data),
    onAdopted: async () => {
      if (await m.outside.loadAgain()) await m.membership.publishIfEdited();
    },
    onConflict: (conflict) => {
      if (conflict !== null) m.options.log.error({ conflict }, 'two lists of nodes are as new as each other');
    },
  });
}

/** Tells people. */
export function newTeller(m: Machinery): Notifier {
  const { env, version, log } = m.options;
  return newNotifier({
    live: m.live,
    journal: m.journal,
    inquiry: m.inquiry,
    outlook: m.outlook,
    clock: m.clock,
    env,
    version,
    log,
    url: () => m.outside.url(),
  });
}

/** A pause and the mode hold the actions of this machine's own checks as they hold rebuilds. */
function hostHold(m: Machinery): string | null {
  const { builder } = m.live.identity;
  const mode = modeIn(m.config, builder);
  const pause = m.reconciler.state.pauses.find(({ scope }) => scope === 'pool' || scope === `node/${builder}`);
  if (pause !== undefined) return `${pause.scope} is paused: ${pause.reason}`;
  return mode === 'act' ? null : `safety.mode is ${mode}`;
}
