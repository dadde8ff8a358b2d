import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';

/** What a request cannot be answered with, as RFC 9457 has it. `detail` is for people and holds nothing of the inside. */
export interface Problem {
  readonly status: number;
  readonly detail: string;
  /** Further members of the body, such as the gate that refuses. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The body of a problem. */
export function problemBody({ status, detail, more }: Problem): string {
  return JSON.stringify({ ...more, type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail });
}

/** Answers with a problem. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .headers({ ...securityHeaders, ...problem.headers })
    .type('application/problem+json')
    .send(problemBody(problem));
}

/** Headers of every answer that has none of its own: it may not be kept, framed, or taken for a page. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The code of an error of Node, the system or fastify. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
