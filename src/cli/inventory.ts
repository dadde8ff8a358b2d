import { hostname } from 'node:os';
import { Option, type Command } from 'commander';
import type { Inventory } from '../ansible/inventory.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';
import { renderData } from './output.ts';

/** `regrow inventory --list | --host NAME`: Ansible's protocol for dynamic inventories; without a flag, an inventory file. */
export function register(program: Command, context: CliContext): void {
  program
    .command('inventory')
    .description(
      "the pool as an Ansible inventory: Ansible's dynamic protocol, or (without a flag) an inventory file in YAML",
    )
    .option('--list', 'all groups and variables, as Ansible asks a dynamic inventory for them')
    .addOption(new Option('--host <name>', "one host's variables").conflicts('list'))
    .action(context.run((options: { list?: true; host?: string }) => inventory(context, options)));
}

async function inventory(context: CliContext, { list, host }: { list?: true; host?: string }): Promise<number> {
  const ansible = await import('../ansible/inventory.ts');
  const built = await currentInventory(context);
  if (host === undefined && !list) {
    context.stdout.write(context.format === 'json' ? await renderData(built, 'json') : ansible.inventoryYaml(built));
    return exitCodes.done;
  }
  const data = host === undefined ? ansible.inventoryList(built) : ansible.inventoryHost(built, host);
  // Ansible wants JSON, and asks for it without -o.
  context.stdout.write(await renderData(data, context.format === 'yaml' ? 'yaml' : 'json'));
  return exitCodes.done;
}

async function currentInventory(context: CliContext): Promise<Inventory> {
  const { config } = await context.config();
  const { buildInventory } = await import('../ansible/inventory.ts');
  const { machineName, resolveSelf } = await import('../config/node-settings.ts');
  const { knownAddresses } = await import('./known-addresses.ts');
  const machine = machineName(hostname());
  const builder = resolveSelf(config, machine) ?? machine;
  return buildInventory({ config, builder, addresses: await knownAddresses(context) });
}
