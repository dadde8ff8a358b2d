import { access, readFile } from 'node:fs/promises';
import { Argument, type Command } from 'commander';
import { exitCodes } from '../pool/outcome.ts';
import type { CliContext } from './context.ts';

/** The words of a shell's list. Nothing in them means anything to a shell. */
const plain = /^[a-z0-9][a-z0-9-]*$/;
const runsOffered = 50;

/** `regrow complete nodes|runs`: what a completion offers, a word a line. Asked by the shells' scripts, never by people; never fails. */
export function register(program: Command, context: CliContext): void {
  program
    .command('complete', { hidden: true })
    .addArgument(new Argument('<what>').choices(['nodes', 'runs']))
    .action(
      context.run(async (what: string) => {
        const words = await (what === 'nodes' ? nodesOf(context) : runsOf(context)).catch(() => []);
        context.stdout.write(
          words
            .filter((word) => plain.test(word))
            .map((word) => `${word}\n`)
            .join(''),
        );
        return exitCodes.done;
      }),
    );
}

/** The nodes that regrow.yml names: read, not checked, since a person waits for it. */
async function nodesOf(context: CliContext): Promise<readonly string[]> {
  const [{ load }, { itemsOf, member }] = await Promise.all([import('js-yaml'), import('../config/document.ts')]);
  const document: unknown = load(await readFile(context.configPath, 'utf8'));
  return itemsOf(member(member(document, 'pool'), 'nodes')).flatMap((node) => {
    const name = typeof node === 'string' ? node : member(node, 'name');
    return typeof name === 'string' ? [name] : [];
  });
}

/** The newest runs that acted, and `last`. Makes no journal where there is none. */
async function runsOf(context: CliContext): Promise<readonly string[]> {
  const { journalPath } = await import('../store/database.ts');
  const { actingKinds } = await import('./recorded-run.ts');
  const { config } = await context.config();
  await access(journalPath(config.state_dir));
  const journal = await context.journal();
  const runs = journal.runs.list({ kinds: actingKinds, limit: runsOffered });
  return runs.length === 0 ? [] : ['last', ...runs.map(({ id }) => id)];
}
