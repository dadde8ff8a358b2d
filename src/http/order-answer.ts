import type { OrderResult } from '../pool/order.ts';
import { problemBody, type Problem } from './problem.ts';

/** An answer, ready to be sent, and to be kept with an idempotency key. */
export interface OrderAnswer {
  readonly status: number;
  readonly type: 'application/json; charset=utf-8' | 'application/problem+json';
  readonly body: string;
}

/** What came of an order, as HTTP tells it. */
export function orderAnswer(result: OrderResult): OrderAnswer {
  switch (result.kind) {
    case 'accepted': {
      const { run, node, status, more } = result;
      const body = JSON.stringify({ run, node, status, ...more });
      return { status: 202, type: 'application/json; charset=utf-8', body };
    }
    case 'unknown':
      return problemAnswer({ status: 404, detail: result.message });
    case 'conflict':
      return problemAnswer({
        status: 409,
        detail: result.message,
        more: { message: result.message, facts: result.facts },
      });
    case 'refused': {
      const { gate, message, facts } = result;
      return problemAnswer({
        status: 422,
        detail: `The gate ${gate} holds: ${message}`,
        more: { gate, message, facts },
      });
    }
    case 'unavailable':
      return problemAnswer({ status: 501, detail: result.message });
  }
}

/** A problem in the same form. */
export function problemAnswer(problem: Problem): OrderAnswer {
  return { status: problem.status, type: 'application/problem+json', body: problemBody(problem) };
}
