import { createHash } from 'node:crypto';
import type { AnswerBook } from './controller-orders.ts';
import { problem, type RouteAnswer } from './route.ts';

/** One request that is not to be done twice. */
export interface KeyedRequest {
  readonly key: string;
  /** Method, path and body: what must be the same for the same answer. */
  readonly request: string;
}

/**
 * Requests with an `Idempotency-Key`: the same key and the same request get the same answer again, and are done once; over a restart,
 * too. What was begun when the process died, or could not be written down, is not done again: nobody knows how far it came.
 */
export class Idempotent {
  readonly #book: AnswerBook;
  readonly #underWay = new Map<string, { readonly digest: string; readonly answer: Promise<RouteAnswer> }>();

  constructor(book: AnswerBook) {
    this.#book = book;
  }

  async once({ key, request }: KeyedRequest, act: () => Promise<RouteAnswer>): Promise<RouteAnswer> {
    const digest = createHash('sha256').update(request).digest('hex');
    const running = this.#underWay.get(key);
    if (running !== undefined) return running.digest === digest ? running.answer : otherRequest;
    const known = this.#book.begin(key, digest, new Date().toISOString());
    if (known !== undefined && known.request !== digest) return otherRequest;
    if (known !== undefined) return known.answer === null ? unknownEnd : keptAnswer(known.answer);
    const answer = this.#act(key, act);
    this.#underWay.set(key, { digest, answer });
    try {
      return await answer;
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #act(key: string, act: () => Promise<RouteAnswer>): Promise<RouteAnswer> {
    const answer = await act().catch((error: unknown) => {
      this.#book.drop(key);
      throw error;
    });
    // When this fails the key stays begun: what was done is not done again.
    this.#book.finish(key, JSON.stringify(answer));
    return answer;
  }
}

const otherRequest = problem(422, 'This Idempotency-Key came with another request before. Take a new one.');
const unknownEnd = problem(
  409,
  'This request was begun before, and its answer was lost. See what was done, then take a new Idempotency-Key.',
);

/** An answer as this program has kept it. */
function keptAnswer(json: string): RouteAnswer {
  const value: unknown = JSON.parse(json);
  return isAnswer(value) ? value : unknownEnd;
}

function isAnswer(value: unknown): value is RouteAnswer {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  return (value.kind === 'json' && 'body' in value) || (value.kind === 'problem' && 'problem' in value);
}
