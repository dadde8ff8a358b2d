import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { registerRunOrder } from './run-order.ts';

/** `regrow reject RUN`: refuses a rebuild that waits for a person. */
export function register(program: Command, context: CliContext): void {
  registerRunOrder(program, context, {
    verb: 'reject',
    description: 'refuse a rebuild that waits for a person: nothing is done about that fault before resume',
    done: (run, node) =>
      `Rejected run ${run}: nothing is done about this fault of ${node} before regrow resume ${node}.`,
    give: async (journal, run, orderer, now) => {
      const { orderAnswer } = await import('../remediation/orders.ts');
      return orderAnswer(journal, run, 'rejected', orderer, now);
    },
  });
}
