import type { ControllerView } from './controller-view.ts';
import type { Problem } from './problem.ts';

/** What a route sees of a request. */
export interface RouteRequest {
  /** The parts of the path that vary, decoded. */
  readonly params: ReadonlyMap<string, string>;
  /** The query's parameters; one that is given twice is refused before. */
  readonly query: ReadonlyMap<string, string>;
}

export type RouteAnswer =
  | { readonly kind: 'json'; readonly body: unknown }
  | { readonly kind: 'text'; readonly body: string }
  | { readonly kind: 'problem'; readonly problem: Problem };

/** One method of one path. Routes stand in files by group under routes/. */
export interface Route {
  readonly method: 'GET';
  /** As the router has it: `/v1/nodes/:name`. */
  readonly path: string;
  /** Whether the bearer token is asked for. */
  readonly isGuarded: boolean;
  /** Parameters that the query may have. Any other is refused: a mistyped one would be passed over silently. */
  readonly query: readonly string[];
  answer(request: RouteRequest, view: ControllerView): RouteAnswer;
}

/** A route that everybody may read, without a query. */
export function openRoute(path: string, answer: Route['answer']): Route {
  return { method: 'GET', path, isGuarded: false, query: [], answer };
}

/** A route for those that have the token, without a query. */
export function guardedRoute(path: string, answer: Route['answer']): Route {
  return { method: 'GET', path, isGuarded: true, query: [], answer };
}

/** An answer of data. */
export function json(body: unknown): RouteAnswer {
  return { kind: 'json', body };
}

/** An answer that something is wrong with the request, or with this controller. */
export function problem(status: number, detail: string): RouteAnswer {
  return { kind: 'problem', problem: { status, detail } };
}
