import { RegrowError } from '../errors.ts';
import type { CliContext } from './context.ts';
import { askVCenter } from './journal-status.ts';

/** Reads the nodes' present addresses from vCenter. Where that fails those that are known from before have to do. */
export async function freshAddresses(context: CliContext): Promise<void> {
  try {
    await askVCenter(context);
  } catch (error) {
    if (!(error instanceof RegrowError) || error.code !== 'DISCOVERY_FAILED') throw error;
    context.say(`${context.errorStyle.yellow('warning:')} the last known addresses are used: ${error.message}`);
  }
}
