import type { Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';

/** `regrow version`: this program's version, and the Node it runs on. */
export function register(program: Command, context: CliContext): void {
  program
    .command('version')
    .description('the version of regrow and of the Node.js it runs on')
    .action(
      context.run(async () => {
        const { packageVersion } = await import('../config/package-version.ts');
        const answer = { version: await packageVersion(), node: process.versions.node };
        await context.answer(answer, () => `regrow ${answer.version} (Node.js ${answer.node})\n`);
        return exitCodes.done;
      }),
    );
}
