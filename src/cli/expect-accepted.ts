import { notTaken, order, unknownThere, type OrderTarget } from './order-client.ts';

/** Gives an order that a controller of this version always takes, and gives back what it told. Throws CONTROLLER_UNREACHABLE or NODE_UNKNOWN. */
export async function expectAccepted(
  target: OrderTarget,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const ordered = await order(target, path, body);
  if (ordered.status === 202) return ordered.body;
  throw ordered.status === 404 ? unknownThere(ordered, { path }) : notTaken(ordered, { path });
}
