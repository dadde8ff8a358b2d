import type { Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import type { SyncResult } from '../remediation/sync.ts';
import { reasonArgument } from './arguments.ts';
import type { CliContext } from './context.ts';

interface SyncOptions {
  readonly check?: boolean;
  readonly reason?: string;
}

/** `regrow sync [NODE...]`: the files that all nodes share, and the image, to the others. */
export function register(program: Command, context: CliContext): void {
  program
    .command('sync [node...]')
    .description('send the shared files and the image to the other nodes, or to these')
    .option('--check', 'tell what would be sent, and send nothing')
    .option('--reason <text>', 'why, for the journal', reasonArgument)
    .action(context.run((nodes: readonly string[], options: SyncOptions) => sync(context, nodes, options)));
}

async function sync(context: CliContext, only: readonly string[], options: SyncOptions): Promise<number> {
  const { partsFor } = await import('./parts.ts');
  const { nodeSettings } = await import('../config/node-settings.ts');
  const { chosenNodes } = await import('../remediation/rebuild.ts');
  const { syncNodes } = await import('../remediation/sync.ts');
  const { freshAddresses } = await import('./fresh-addresses.ts');
  const parts = await partsFor(context);
  for (const node of only) nodeSettings(parts.config, node);
  const nodes = chosenNodes(parts, only).filter((node) => node !== parts.self);
  if (nodes.length === 0) {
    context.say('Nothing to send: the only node asked for is this machine.');
    return exitCodes.nothingToDo;
  }
  await freshAddresses(context);
  const { run, results } = await syncNodes(parts, {
    nodes,
    dryRun: options.check === true,
    reason: options.reason ?? null,
  });
  await context.answer({ run, nodes: results }, () =>
    [...results.map((result) => resultText(context, result)), context.style.dim(`run ${run}\n`)].join(''),
  );
  return results.every(({ outcome }) => outcome === 'synced') ? exitCodes.done : exitCodes.failed;
}

function resultText({ style }: CliContext, { node, outcome, message, sent, image }: SyncResult): string {
  const paint = outcome === 'synced' ? style.green : style.red;
  const what = [
    sent.length === 0 ? 'no file to send' : `sent ${sent.join(', ')}`,
    ...(image ? [`image: ${image}`] : []),
  ];
  return `${style.bold(node)}  ${paint(outcome)}  ${message ?? what.join('; ')}\n`;
}
