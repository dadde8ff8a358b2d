import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isTakenOut } from '../config/effective.ts';
import { machineName, resolveSelf } from '../config/node-settings.ts';
import type { ControllerParts } from '../remediation/controller-parts.ts';
import type { CliContext } from './context.ts';

/** What remediation needs, for a command that does one run itself. */
export async function partsFor(context: CliContext): Promise<ControllerParts> {
  const loaded = await context.config();
  const { config, path } = loaded;
  const machine = machineName(hostname());
  const self = resolveSelf(config, machine);
  return {
    config,
    journal: await context.journal(),
    env: context.env,
    builder: self ?? machine,
    self,
    isTakenOut: isTakenOut(loaded, machine),
    command: [process.execPath, fileURLToPath(new URL('../main.js', import.meta.url)), '--config', path],
    now: () => new Date(),
  };
}
