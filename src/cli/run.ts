import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Option, type Command } from 'commander';
import type { Controller } from '../controller.ts';
import { logLevels, type LogLevel } from '../logging.ts';
import type { CliContext } from './context.ts';
import { serviceManager, watchdogInterval, type ServiceManager } from './service-manager.ts';

/** `regrow run`: the daemon, in the foreground. SIGTERM and SIGINT end it, SIGHUP has it read the configuration again. */
export function register(program: Command, context: CliContext): void {
  program
    .command('run')
    .description('the daemon, in the foreground: watch the pool and heal it')
    .addOption(new Option('--log-level <level>', 'how much is logged on stderr').choices(logLevels).default('info'))
    .action(context.run(({ logLevel }: { readonly logLevel: LogLevel }) => run(context, logLevel)));
}

async function run(context: CliContext, level: LogLevel): Promise<void> {
  const { createLogger, SecretValues } = await import('../logging.ts');
  const { secretValues } = await import('../config/secret-refs.ts');
  const { loadConfig } = await import('../config/load.ts');
  const { packageVersion } = await import('../config/package-version.ts');
  const loaded = await context.config();
  const secrets = new SecretValues(await secretValues(loaded.config, context.env));
  const log = createLogger({ level, secrets, destination: context.stderr });
  const manager = serviceManager({
    env: context.env,
    onTrouble: (reason) => log.warn({ reason }, 'systemd is not told'),
  });
  const signals = signalsOf(['SIGTERM', 'SIGINT', 'SIGHUP']);
  const controller = await startController();
  await manager.ready(controller.statusLine());
  const watchdog = feedWatchdog(context, manager, controller);
  for await (const signal of signals) {
    log.info({ signal }, 'signal');
    if (signal !== 'SIGHUP') break;
    void manager.reloading();
    await controller.reload().catch((error: unknown) => log.error({ err: error }, 'the reload failed'));
    await manager.ready(controller.statusLine());
  }
  clearInterval(watchdog);
  await manager.stopping('stopping');
  await controller.stop();

  async function startController(): Promise<Controller> {
    const { Controller } = await import('../controller.ts');
    return Controller.start({
      loaded,
      load: () => loadConfig(loaded.path),
      env: context.env,
      hostname: hostname(),
      command: [process.execPath, fileURLToPath(new URL('../main.js', import.meta.url)), '--config', loaded.path],
      version: await packageVersion(),
      log,
    });
  }
}

/** Progress of the scheduler feeds the watchdog; a controller that stands still is started anew by the service manager. */
function feedWatchdog(
  context: CliContext,
  manager: ServiceManager,
  controller: Controller,
): NodeJS.Timeout | undefined {
  const everyMs = watchdogInterval(context.env);
  if (everyMs === undefined) return undefined;
  return setInterval(() => {
    if (controller.health().ok) void manager.watchdog();
  }, everyMs);
}

/** The signals that come from now on, one by one. */
function signalsOf(names: readonly NodeJS.Signals[]): AsyncGenerator<NodeJS.Signals> {
  const came: NodeJS.Signals[] = [];
  let wake: () => void = () => undefined;
  for (const name of names) {
    process.on(name, () => {
      came.push(name);
      wake();
    });
  }
  return (async function* oneByOne() {
    for (;;) {
      const next = came.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  })();
}
