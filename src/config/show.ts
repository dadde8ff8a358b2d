import { z } from 'zod';
import { entriesOf, member } from './document.ts';
import { isSecretLiteral } from './image-properties.ts';
import { configSchema, type Config } from './schema.ts';

const hidden = '(hidden)';

/**
 * The configuration in the form of the file, with every default written out and nothing secret in it: literal secrets,
 * OVF properties whose name sounds like one, and what follows the host in a webhook's URL (often a key) are hidden.
 */
export function showableConfig(config: Config): unknown {
  // The program's form is read-only; zod's encoder asks for the mutable type of the same data.
  const document = z.encode(configSchema, config as z.output<typeof configSchema>);
  return {
    ...document,
    pool: { ...document.pool, nodes: document.pool.nodes.map(showableNode) },
    image: showableImage(document.image),
    notify: showableNotify(document.notify),
  };
}

function showableNode(node: unknown): unknown {
  const image = member(node, 'image');
  return image === undefined ? node : { ...Object.fromEntries(entriesOf(node)), image: showableImage(image) };
}

function showableImage(image: unknown): unknown {
  const properties = member(image, 'properties');
  if (properties === undefined) return image;
  const shown = entriesOf(properties).map(([key, value]): [string, unknown] => [
    key,
    isSecretLiteral(key, value) ? hidden : value,
  ]);
  return { ...Object.fromEntries(entriesOf(image)), properties: Object.fromEntries(shown) };
}

function showableNotify(notify: unknown): unknown {
  const webhook = member(notify, 'webhook');
  const url = member(webhook, 'url');
  if (typeof url !== 'string') return notify;
  const shown = { ...Object.fromEntries(entriesOf(webhook)), url: `${new URL(url).origin}/${hidden}` };
  return { ...Object.fromEntries(entriesOf(notify)), webhook: shown };
}
