import { Option } from 'commander';
import { itemsOf, member } from '../config/document.ts';
import type { CliContext } from './context.ts';
import type { OrderTarget } from './order-client.ts';

/** Which controllers follow an order that is for the whole pool. */
export interface Reach {
  readonly controllers: readonly string[];
  readonly unreached: readonly { readonly name: string; readonly error: string }[];
}

/** `--local`: an order that is otherwise for every controller of the pool. */
export function localOption(): Option {
  return new Option('--local', "this machine's controller alone").conflicts('server');
}

/**
 * Where a pause or resume goes: to the controller at --server, or to the one here, which tells the others; or into this machine's
 * journal alone. Then `why` says so: a pause that holds one machine of many must not look like one that holds them all.
 */
export async function whereTo(
  context: CliContext,
  { server, local = false }: { readonly server?: string; readonly local?: boolean },
): Promise<OrderTarget | { readonly why: string }> {
  const { localTarget, serverTarget } = await import('./order-client.ts');
  if (server !== undefined) return serverTarget(context, server);
  if (local) return { why: '--local' };
  const target = await localTarget(context);
  return typeof target === 'string' ? { why: target } : target;
}

/** What a controller's answer says of the others. */
export function reachOf(body: unknown): Reach {
  const controllers = itemsOf(member(body, 'controllers')).filter((name) => typeof name === 'string');
  const unreached = itemsOf(member(body, 'unreached')).flatMap((each) => {
    const [name, error] = [member(each, 'name'), member(each, 'error')];
    return typeof name === 'string' && typeof error === 'string' ? [{ name, error }] : [];
  });
  return { controllers, unreached };
}

/** Tells people whom the order reached, and above all whom not. */
export function sayReach(context: CliContext, { controllers, unreached }: Reach): void {
  context.say(`On the controllers of ${controllers.join(', ')}.`);
  for (const { name, error } of unreached)
    context.say(
      `${context.errorStyle.yellow('warning:')} NOT on ${name}: ${error}. Its controller, if it runs, goes by what it knew before, and tells those that ask it.`,
    );
}

/** Tells people that the order is for this machine alone. */
export function sayHereAlone(context: CliContext, why: string): void {
  const wide = why === '--local' ? '' : ` (${why})`;
  context.say(
    `${context.errorStyle.yellow('warning:')} on this machine's controller alone${wide}: the others of the pool know of it only when they ask this one for its vote.`,
  );
}
