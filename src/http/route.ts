import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { ControllerView } from './controller-view.ts';
import type { Entity } from './entity.ts';
import type { Problem } from './problem.ts';

/** A request as it came, before a route has looked at it. */
export interface RawRequest {
  /** The parts of the path that vary, decoded. */
  readonly params: ReadonlyMap<string, string>;
  /** The query's parameters, in order, as often as they were given. */
  readonly query: readonly (readonly [string, string])[];
  /** The headers that the route asks for, by lower-case name. One that is given twice is not there. */
  readonly headers: ReadonlyMap<string, string>;
  /** The JSON that was sent; undefined when nothing was. */
  readonly body: unknown;
}

/** A request as its route wants it. */
export interface RouteRequest<Query, Body> extends Pick<RawRequest, 'params' | 'headers'> {
  readonly query: Query;
  readonly body: Body;
}

export type RouteAnswer =
  | { readonly kind: 'json'; readonly status: 200 | 202; readonly body: unknown }
  /** What was made before. */
  | {
      readonly kind: 'entity';
      /** The whole content type. */
      readonly type: string;
      readonly entity: Entity;
      /** Instead of, or beside, those of every answer. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'text';
      /** The whole content type. */
      readonly type: string;
      readonly body: string;
      /** Instead of, or beside, those of every answer. */
      readonly headers: Readonly<Record<string, string>>;
    }
  /** What comes bit by bit. It is destroyed when the reader goes. */
  | { readonly kind: 'stream'; readonly type: string; readonly body: Readable }
  | { readonly kind: 'problem'; readonly problem: Problem };

/** The content type of JSON, in full. */
export const jsonType = 'application/json; charset=utf-8';

/** What a good answer may look like: content type to the schema of its JSON, or null for what is no JSON. */
export type RouteContent = Readonly<Record<string, z.ZodType | null>>;

/** Parameters of a query, which come as text. */
export type QueryShape = z.ZodObject<Readonly<Record<string, z.ZodType>>>;

/** What is said of a route. Parameters of the query come as text, and are strictly those named. */
export interface RouteSpec<Query extends QueryShape, Body extends z.ZodType> {
  readonly method: 'GET' | 'POST';
  /** As the router has it: `/v1/nodes/:name`. */
  readonly path: string;
  /** One line for the OpenAPI document. */
  readonly summary: string;
  readonly query: Query;
  readonly body: Body;
  /** Headers that it goes by: lower-case name to one line of description. */
  readonly headers: Readonly<Record<string, string>>;
  readonly content: RouteContent;
  /** Status of the problems that it has of its own; those that any route may have are known. */
  readonly problems: readonly number[];
  answer(
    request: RouteRequest<z.output<Query>, z.output<Body>>,
    view: ControllerView,
  ): RouteAnswer | Promise<RouteAnswer>;
}

/** One method of one path. Routes stand in files by group under routes/. */
export interface Route extends Omit<RouteSpec<QueryShape, z.ZodType>, 'answer'> {
  /** Whether the bearer token is asked for. */
  readonly isGuarded: boolean;
  answer(request: RawRequest, view: ControllerView): RouteAnswer | Promise<RouteAnswer>;
}

/** Of a route without a body. */
export const noBody = z.undefined({ error: 'this path takes no body' });

/** What a route has that does not say otherwise: spread it, and add the rest. */
export const plainGet = {
  method: 'GET',
  query: z.strictObject({}),
  body: noBody,
  headers: {},
  problems: [],
} as const;

/** The same for what changes something. */
export const plainPost = { ...plainGet, method: 'POST' } as const;

/** A route that everybody may ask. */
export function openRoute<Query extends QueryShape, Body extends z.ZodType>(spec: RouteSpec<Query, Body>): Route {
  return { ...spec, isGuarded: false, answer: (request, view) => answerTo(request, view, spec) };
}

/** A route for those that have the token. */
export function guardedRoute<Query extends QueryShape, Body extends z.ZodType>(spec: RouteSpec<Query, Body>): Route {
  return { ...spec, isGuarded: true, answer: (request, view) => answerTo(request, view, spec) };
}

function answerTo<Query extends QueryShape, Body extends z.ZodType>(
  { params, headers, query, body }: RawRequest,
  view: ControllerView,
  spec: RouteSpec<Query, Body>,
): RouteAnswer | Promise<RouteAnswer> {
  const unread = misuseOf(query, Object.keys(spec.query.shape));
  if (unread !== undefined) return problem(400, unread);
  const readQuery = spec.query.safeParse(Object.fromEntries(query));
  if (!readQuery.success) return problem(400, firstIssue(readQuery.error));
  const readBody = spec.body.safeParse(body);
  if (!readBody.success) return problem(400, firstIssue(readBody.error));
  return spec.answer({ params, headers, query: readQuery.data, body: readBody.data }, view);
}

/** A parameter that the path does not know is refused: a mistyped one would be passed over silently. */
function misuseOf(query: RawRequest['query'], known: readonly string[]): string | undefined {
  const given = query.map(([name]) => name);
  if (given.some((name) => !known.includes(name)))
    return `There is a parameter that this path does not know. It knows: ${known.join(', ') || 'none'}.`;
  const twice = given.find((name, index) => given.indexOf(name) !== index);
  return twice === undefined ? undefined : `${twice}: given more than once.`;
}

function firstIssue({ issues }: z.ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return 'The request cannot be understood.';
  return issue.path.length === 0 ? `${issue.message}.` : `${issue.path.join('.')}: ${issue.message}.`;
}

/** An answer of data. */
export function json(body: unknown): RouteAnswer {
  return { kind: 'json', status: 200, body };
}

/** An answer of data that was made before. */
export function madeJson(entity: Entity): RouteAnswer {
  return { kind: 'entity', type: jsonType, entity, headers: {} };
}

/** An answer that what was asked for goes on. */
export function accepted(body: unknown): RouteAnswer {
  return { kind: 'json', status: 202, body };
}

/** An answer that is no JSON. The type is told with `; charset=utf-8`, unless it has parameters of its own. */
export function text(type: string, body: string, headers: Readonly<Record<string, string>> = {}): RouteAnswer {
  return { kind: 'text', type: type.includes(';') ? type : `${type}; charset=utf-8`, body, headers };
}

/** An answer that something is wrong with the request, or with this controller. `more`: further members of the problem. */
export function problem(status: number, detail: string, more: Readonly<Record<string, unknown>> = {}): RouteAnswer {
  return { kind: 'problem', problem: { status, detail, more } };
}
