import { access } from 'node:fs/promises';
import { RegrowError } from '../errors.ts';
import { journalPath } from '../store/database.ts';
import type { CliContext } from './context.ts';

/** The last known address of each node by the journal. Empty, with a word on stderr, when the journal cannot be read. */
export async function knownAddresses(context: CliContext): Promise<ReadonlyMap<string, string>> {
  const { config } = await context.config();
  if (!(await exists(journalPath(config.state_dir)))) return new Map();
  try {
    const journal = await context.journal();
    const seen = journal.nodes.all().flatMap(({ name, address }) => (address ? [[name, address] as const] : []));
    return new Map(seen);
  } catch (error) {
    if (!(error instanceof RegrowError)) throw error;
    context.say(`${context.errorStyle.yellow('warning:')} addresses are left out: ${error.message}`);
    return new Map();
  }
}

/** Asking for the inventory must not make a journal. */
async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
