import { createHash } from 'node:crypto';
import type { AnswerBook } from './controller-orders.ts';
import { problemAnswer, type OrderAnswer } from './order-answer.ts';

/** One request that is not to be done twice. */
export interface KeyedRequest {
  readonly key: string;
  /** Method, path and body: what must be the same for the same answer. */
  readonly request: string;
}

/**
 * Requests with an `Idempotency-Key`: the same key and the same request get the same answer again, and are done once; over a restart,
 * too. What was begun when the process died is not done again: nobody knows how far it came.
 */
export class Idempotent {
  readonly #book: AnswerBook;
  readonly #underWay = new Map<string, { readonly digest: string; readonly answer: Promise<OrderAnswer> }>();

  constructor(book: AnswerBook) {
    this.#book = book;
  }

  async once(
    { key, request }: KeyedRequest,
    act: () => Promise<OrderAnswer>,
  ): Promise<OrderAnswer & { readonly isReplay: boolean }> {
    const digest = createHash('sha256').update(request).digest('hex');
    const running = this.#underWay.get(key);
    if (running !== undefined)
      return running.digest === digest ? { ...(await running.answer), isReplay: true } : otherRequest;
    const known = this.#book.begin(key, digest, new Date().toISOString());
    if (known !== undefined && known.request !== digest) return otherRequest;
    if (known !== undefined)
      return { ...(known.answer === null ? unknownEnd : keptAnswer(known.answer)), isReplay: true };
    const answer = this.#act(key, act);
    this.#underWay.set(key, { digest, answer });
    try {
      return { ...(await answer), isReplay: false };
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #act(key: string, act: () => Promise<OrderAnswer>): Promise<OrderAnswer> {
    try {
      const answer = await act();
      this.#book.finish(key, JSON.stringify(answer));
      return answer;
    } catch (error) {
      this.#book.drop(key);
      throw error;
    }
  }
}

const otherRequest = {
  ...problemAnswer({ status: 422, detail: 'This Idempotency-Key came with another request before. Take a new one.' }),
  isReplay: false,
};

const unknownEnd = problemAnswer({
  status: 409,
  detail:
    'This request was begun before a restart, and its answer was lost. See what was done, then take a new Idempotency-Key.',
});

/** An answer as this program has kept it. */
function keptAnswer(json: string): OrderAnswer {
  const value: unknown = JSON.parse(json);
  return isAnswer(value) ? value : unknownEnd;
}

function isAnswer(value: unknown): value is OrderAnswer {
  if (typeof value !== 'object' || value === null) return false;
  return 'status' in value && 'type' in value && 'body' in value && typeof value.body === 'string';
}
