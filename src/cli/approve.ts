import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { registerRunOrder } from './run-order.ts';

/** `regrow approve RUN`: lets a rebuild begin that waits for a person. */
export function register(program: Command, context: CliContext): void {
  registerRunOrder(program, context, {
    verb: 'approve',
    description: 'let a rebuild begin that waits for a person (safety.mode: approve); every other gate is asked again',
    done: (run, node) => `Approved run ${run}: ${node} is rebuilt as soon as every other gate passes.`,
    give: async (journal, run, orderer, now) => {
      const { orderAnswer } = await import('../remediation/orders.ts');
      return orderAnswer(journal, run, 'given', orderer, now);
    },
  });
}
