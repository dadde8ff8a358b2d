import { RegrowError } from '../errors.ts';
import { detailOf, order, type OrderTarget } from './order-client.ts';

/** Gives an order that a controller of this version always takes, and gives back what it told. Throws CONTROLLER_UNREACHABLE. */
export async function expectAccepted(
  target: OrderTarget,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const ordered = await order(target, path, body);
  if (ordered.status === 202) return ordered.body;
  if (ordered.status === 404) throw new RegrowError('NODE_UNKNOWN', detailOf(ordered), { facts: { path } });
  throw new RegrowError(
    'CONTROLLER_UNREACHABLE',
    `The controller at ${target.url} did not take it: ${detailOf(ordered)}.`,
    {
      facts: { status: ordered.status },
      remedy: 'See that the same version runs there and here: regrow status, regrow version.',
    },
  );
}
