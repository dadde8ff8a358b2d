import { createInterface } from 'node:readline/promises';
import { RegrowError } from '../errors.ts';
import type { CliContext } from './context.ts';

/** Before a destructive command: on a terminal the node's name has to be typed, elsewhere `--confirm NODE` be given. `mayAsk`: a person may be there. */
export async function confirmNode(
  context: CliContext,
  node: string,
  confirmed: string | undefined,
  mayAsk = true,
): Promise<void> {
  if (confirmed === node) return;
  const remedy = `repeat it with --confirm ${node}`;
  if (confirmed !== undefined) {
    throw new RegrowError('CONFIRMATION_MISSING', `--confirm ${confirmed} does not name ${node}.`, { remedy });
  }
  if (!mayAsk || !context.isTTY.stdin || !context.isTTY.stderr) {
    throw new RegrowError('CONFIRMATION_MISSING', `Rebuilding ${node} destroys its VM, and nobody confirmed it.`, {
      remedy,
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await lines.question(`This fences and destroys the VM of ${node}. Type its name to go on: `);
    if (typed.trim() !== node) {
      throw new RegrowError('CONFIRMATION_MISSING', 'The name does not match; nothing was done.', { remedy });
    }
  } finally {
    lines.close();
  }
}
