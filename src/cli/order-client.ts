import { randomUUID } from 'node:crypto';
import { member } from '../config/document.ts';
import { RegrowError } from '../errors.ts';
import type { CliContext } from './context.ts';
import { post, unreachable, type Posted } from './controller-client.ts';
import { localController, localServer } from './local-controller.ts';

/** A controller that orders go to, with the token. */
export interface OrderTarget {
  readonly url: string;
  readonly token: string;
  /** The certificate that it is known by, where Node does not know it by itself. */
  readonly ca?: string | undefined;
}

/** What a controller answered to an order. `body`: what it told, as data. */
export interface Ordered {
  /** Of the controller. */
  readonly url: string;
  readonly status: number;
  readonly body: unknown;
}

/** The controller at that URL. Throws TOKEN_REFUSED without a token. */
export async function serverTarget(context: CliContext, server: string): Promise<OrderTarget> {
  const token = await tokenOf(context);
  if (token !== null) return { url: server, token };
  throw new RegrowError('TOKEN_REFUSED', `Without http.token nothing can be ordered of ${server}.`, {
    remedy: 'Set http.token in the configuration that this command reads: the one that the controllers share.',
  });
}

/** The controller that runs on this machine, when one does and takes orders over HTTP; else why not, in a few words. */
export async function localTarget(context: CliContext): Promise<OrderTarget | string> {
  const asked = await (await localController(context))();
  if (asked.kind !== 'report') return 'no controller answers here';
  const token = await tokenOf(context);
  if (token === null) return 'http.token is not set';
  const { url, ca } = await localServer(context);
  return { url, token, ca };
}

/** The controller that runs on this machine; undefined when none does. Throws TOKEN_REFUSED when it takes no orders over HTTP. */
export async function runningTarget(context: CliContext): Promise<OrderTarget | undefined> {
  const asked = await (await localController(context))();
  if (asked.kind !== 'report') return undefined;
  const { url, ca } = await localServer(context);
  const token = await tokenOf(context);
  if (token !== null) return { url, token, ca };
  throw new RegrowError(
    'TOKEN_REFUSED',
    `A controller runs here (${url}), and without http.token it takes no orders.`,
    {
      facts: { url },
      remedy:
        'Set http.token, the same on every controller, then `regrow config reload`; or stop the controller first.',
    },
  );
}

/** Gives the order, once: a repetition of the request on the way does nothing. Throws CONTROLLER_UNREACHABLE or TOKEN_REFUSED. */
export async function order(
  { url, token, ca }: OrderTarget,
  path: string,
  body: Readonly<Record<string, unknown>>,
  withinMs = 30_000,
): Promise<Ordered> {
  const posted = await postTo(url, path, { token, ca, body: JSON.stringify(body), key: randomUUID() }, withinMs);
  if (posted.status === 401 || posted.status === 403) {
    throw new RegrowError('TOKEN_REFUSED', `The controller at ${url} does not take the order: ${detailOf(posted)}`, {
      facts: { url, status: posted.status },
      remedy: 'See that http.token is set there, and the same here.',
    });
  }
  return { url, status: posted.status, body: posted.body };
}

async function postTo(url: string, path: string, what: Parameters<typeof post>[2], withinMs: number): Promise<Posted> {
  try {
    return await post(url, path, what, withinMs);
  } catch (error) {
    throw unreachable(url, error instanceof Error ? error.message : String(error));
  }
}

/** What a problem says, for people. */
export function detailOf({ status, body }: Pick<Ordered, 'status' | 'body'>): string {
  const detail = member(body, 'message') ?? member(body, 'detail');
  return typeof detail === 'string' ? detail : `it answers HTTP ${status}`;
}

/** An answer that is neither a yes nor a no: the controller is at fault, or is none of this version. */
export function notTaken(ordered: Ordered, facts: Readonly<Record<string, unknown>>): RegrowError {
  const { url, status } = ordered;
  const why = detailOf(ordered).replace(/\.$/, '');
  return new RegrowError('CONTROLLER_UNREACHABLE', `The controller at ${url} did not take the order: ${why}.`, {
    facts: { ...facts, url, status },
    remedy: notTakenRemedy(status),
  });
}

function notTakenRemedy(status: number): string {
  if (status === 429) return 'Repeat it in a minute: a controller takes so many requests a minute from one address.';
  if (status >= 500) return 'See its log there (journalctl -u regrow), then repeat it.';
  return 'See that the same version runs there and here: regrow status, regrow version.';
}

/** A node of the configuration here that the controller does not know. */
export function unknownThere(ordered: Ordered, facts: Readonly<Record<string, unknown>>): RegrowError {
  return new RegrowError('NODE_UNKNOWN', detailOf(ordered), {
    facts: { ...facts, url: ordered.url },
    remedy: `See that ${ordered.url} is a controller of this pool and goes by the same nodes: regrow config show, there and here; then regrow config reload.`,
  });
}

async function tokenOf(context: CliContext): Promise<string | null> {
  const { token } = (await context.config()).config.http;
  if (token === null) return null;
  const { resolveSecret } = await import('../config/secret.ts');
  return resolveSecret(token, context.env);
}
