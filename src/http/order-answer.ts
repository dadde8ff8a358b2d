import type { OrderResult } from '../pool/order.ts';
import { accepted, problem, type RouteAnswer } from './route.ts';

/** What came of an order, as HTTP tells it. */
export function orderAnswer(result: OrderResult): RouteAnswer {
  switch (result.kind) {
    case 'accepted': {
      const { run, node, status, more } = result;
      return accepted({ run, node, status, ...more });
    }
    case 'unknown':
      return problem(404, result.message);
    case 'conflict':
      return problem(409, result.message, { message: result.message, facts: result.facts });
    case 'refused': {
      const { gate, message, facts, run = null } = result;
      return problem(422, `The gate ${gate} holds: ${message}`, { gate, message, facts, run });
    }
  }
}
