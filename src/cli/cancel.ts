import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { registerRunOrder } from './run-order.ts';

/** `regrow cancel RUN`: stops a run at its next safe point. */
export function register(program: Command, context: CliContext): void {
  registerRunOrder(program, context, {
    verb: 'cancel',
    description: 'stop a run at its next safe point',
    done: (run, node) => `Run ${run} of ${node} is stopped at its next safe point. See: regrow show ${run}`,
    give: async (journal, run, orderer, now) => {
      const { orderCancel } = await import('../remediation/orders.ts');
      return orderCancel(journal, run, orderer, now);
    },
  });
}
